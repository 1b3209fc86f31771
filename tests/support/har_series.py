"""Series for the tests of the walked-forward regression."""

import numpy as np

from newsvol.signals.volatility.har import HarConfig, HarState

SHORT = (1, 4, 11)


def log_series(n: int, seed: int, missing: float = 0.0) -> np.ndarray:
    """A persistent log variance around -13, with a share of it missing."""
    rng = np.random.default_rng(seed)
    values = np.empty(n)
    level = 0.0
    for i in range(n):
        level = 0.9 * level + rng.normal(0, 0.3)
        values[i] = level + rng.normal(0, 0.3)
    values -= 13.0
    values[rng.random(n) < missing] = np.nan
    return values


def state_of(config: HarConfig, x: np.ndarray, extra: np.ndarray | None = None) -> HarState:
    names = () if extra is None else tuple(f"extra{i}" for i in range(extra.shape[1]))
    return HarState(config, len(x), names)
