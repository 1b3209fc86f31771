"""The ground floor: time, events, latency, ledger, fills. Knows numpy and numba only."""
