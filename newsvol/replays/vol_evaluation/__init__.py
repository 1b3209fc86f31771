"""The evaluation of volatility forecasts: every model beside its baselines, with tests and placebos."""

from newsvol.replays.vol_evaluation.evaluate import Evaluation, Request, evaluate
from newsvol.replays.vol_evaluation.sweep import Grid, SweepResult, sweep

__all__ = ["Evaluation", "Grid", "Request", "SweepResult", "evaluate", "sweep"]
