"""newsvol: backtesting with news and machine-learned volatility, latency charged to the simulated clock.

::

    import newsvol

    tape = newsvol.synthetic_tape()              # or newsvol.load_tape("tapes/spy")
    run = newsvol.replay(tape)
    run.forecasts, run.orders                    # DataFrames
    run.portfolio("vol_target").stats()          # a vectorbt.Portfolio
    newsvol.VolatilityModel("log-har-p-full").fit(tape)

What is named here is public; everything else may change. Names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Recipe": "newsvol.replays.simulation.recipe",
    "Run": "newsvol.replays.runs.reader",
    "Strategy": "newsvol.strategies.protocol",
    "Tape": "newsvol.replays.tapes.tape",
    "VolatilityModel": "newsvol.signals.volatility.model",
    "load_recipe": "newsvol.replays.simulation.recipe",
    "load_run": "newsvol.replays.runs.reader",
    "load_scorer": "newsvol.models.serving.scorer",
    "load_tape": "newsvol.replays.tapes.tape",
    "replay": "newsvol.replays.replay",
    "synthetic_tape": "newsvol.replays.tapes.synth",
}
"""Where each public name lives."""

if TYPE_CHECKING:
    from newsvol.models.serving.scorer import load_scorer
    from newsvol.replays.replay import replay
    from newsvol.replays.runs.reader import Run, load_run
    from newsvol.replays.simulation.recipe import Recipe, load_recipe
    from newsvol.replays.tapes.synth import synthetic_tape
    from newsvol.replays.tapes.tape import Tape, load_tape
    from newsvol.signals.volatility.model import VolatilityModel
    from newsvol.strategies.protocol import Strategy

__all__ = [
    "Recipe",
    "Run",
    "Strategy",
    "Tape",
    "VolatilityModel",
    "load_recipe",
    "load_run",
    "load_scorer",
    "load_tape",
    "replay",
    "synthetic_tape",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'newsvol' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
