"""newsvol: backtesting with news and machine-learned volatility, latency charged to the simulated clock."""

__version__ = "0.1.0"
