"""Latency models: what a tick's service time is taken to be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newsvol.engine.arrays import NS_PER_MS
from newsvol.engine.errors import RecipeError, nearest

LatencyKind = Literal["zero", "constant", "measured", "recorded"]

_FORMS = "zero, constant:MS, measured, recorded:RUN"


@dataclass(frozen=True)
class Latency:
    """Where service times come from.

    Attributes
    ----------
    kind : {"zero", "constant", "measured", "recorded"}
        ``measured`` really runs the model on each tick and charges what it took; ``recorded`` charges
        again what an earlier run measured.
    service_ns : int
        For ``constant``: what each model tick costs. It is charged to scoring for a headline and to
        forecasting for any other tick.
    recording : Path or None
        For ``recorded``: the run folder that holds the measurements.
    """

    kind: LatencyKind
    service_ns: int = 0
    recording: Path | None = None

    def __str__(self) -> str:
        if self.kind == "constant":
            return f"constant:{self.service_ns / NS_PER_MS:.15g}"
        return f"recorded:{self.recording}" if self.kind == "recorded" else self.kind


def parse_latency(text: str) -> Latency:
    """Read ``zero``, ``constant:MS``, ``measured`` or ``recorded:RUN``.

    Raises
    ------
    RecipeError
        Anything else, with the forms that exist.
    """
    name, _, argument = text.partition(":")
    if name in ("zero", "measured") and not argument:
        return Latency("zero" if name == "zero" else "measured")
    if name == "recorded" and argument:
        return Latency("recorded", recording=Path(argument))
    if name == "constant":
        try:
            milliseconds = float(argument)
        except ValueError:
            raise RecipeError(f"latency {text!r}: constant needs milliseconds, as in constant:25") from None
        if not 0 <= milliseconds < 86_400_000:
            raise RecipeError(f"latency {text!r}: milliseconds must be from 0 to one day")
        return Latency("constant", service_ns=round(milliseconds * NS_PER_MS))
    hint = nearest(name, ["zero", "constant", "measured", "recorded"])
    raise RecipeError(f"latency {text!r} is none of: {_FORMS}{hint}")
