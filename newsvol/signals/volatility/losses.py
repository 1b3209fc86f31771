"""Losses of a variance forecast."""

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.signals.volatility.measures import RealizedMeasures


def qlike(realized: FloatArray, forecast: FloatArray) -> FloatArray:
    """Return RV/f - ln(RV/f) - 1 of each row, shape (B,); robust to noise in RV (Patton 2011)."""
    ratio = realized / forecast
    return np.asarray(ratio - np.log(ratio) - 1.0)


def forecast_losses(realized: FloatArray, forecast: FloatArray) -> dict[str, float]:
    """Return mean QLIKE, MSE on variance, and R2 on volatility and on log variance.

    R2 is 1 - SSE/SST, not a regression's: a biased forecast is not forgiven.

    Parameters
    ----------
    realized, forecast : FloatArray, shape (B,)
        Positive variances.
    """
    return {
        "qlike": float(qlike(realized, forecast).mean()),
        "mse": float(((realized - forecast) ** 2).mean()),
        "r2_vol": _r2(np.sqrt(realized), np.sqrt(forecast)),
        "r2_log": _r2(np.log(realized), np.log(forecast)),
    }


def noise_floor_qlike(measures: RealizedMeasures) -> float:
    """Return the QLIKE that a perfect forecast of the integrated variance would score against RV.

    RV / IV has variance near 2 IQ / (n IV^2) (Barndorff-Nielsen and Shephard 2002), and QLIKE near a ratio of
    one is half its square; RQ estimates IQ.
    """
    return float(np.mean(measures.rq / (measures.n_obs * measures.rv**2)))


def _r2(target: FloatArray, fitted: FloatArray) -> float:
    spread = float(((target - target.mean()) ** 2).sum())
    return 1.0 - float(((target - fitted) ** 2).sum()) / spread if spread > 0 else float("nan")
