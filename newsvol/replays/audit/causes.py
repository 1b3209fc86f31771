"""Why rows differ: which differences only follow from others, and what a plug-in does to get them."""

from collections.abc import Collection, Iterable

import numpy as np

from newsvol.replays.audit.observation import Difference

FOLLOWS_FORECASTER = ("fused forecast", "frame")
"""Parts that differ wherever a forecaster does: the forecaster is named, not they."""

FOLLOWS_FORECAST = ("strategy", "frame")
"""Parts that read forecasts."""


def without_consequences(
    found: Iterable[Difference],
    known: Collection[tuple[str, str]] = (),
    strategies_follow: bool = False,
) -> list[Difference]:
    """Leave out what differs only because something that it is computed from does.

    Parameters
    ----------
    known : collection of tuple of str
        Parts and columns that are known to differ already.
    strategies_follow : bool
        The strategies were asked about the forecasts that were compared, not about those of the live pass.
    """
    found = list(found)
    differing = {(one.part, one.column) for one in found} | set(known)
    forecaster = any(part.startswith("forecaster") for part, _ in differing)
    forecast = forecaster or any(part.startswith("fused") for part, _ in differing)
    return [
        one
        for one in found
        if not (forecaster and one.part.startswith(FOLLOWS_FORECASTER))
        and not (strategies_follow and forecast and one.part.startswith(FOLLOWS_FORECAST))
        and not (one.column == "order" and (one.part, "weight") in differing)
    ]


def likely_cause(answer: dict[str, float], live: float, columns: float) -> str:
    """Say why a row differs, from what the plug-in says when it is asked for that row first.

    Parameters
    ----------
    answer : dict
        As `Passes.ask_again` gives it.
    live, columns : float
        What it said of the row live, and with all rows.
    """
    if not answer:
        return "It fails when it is asked for one row alone"
    if answer.get("own_step"):
        if _close(answer["short"], columns):
            return "Its live step says something else than its forecast does, given the same past"
        return "It reads rows that come later, or its live step and its forecast are not the same"
    if not _close(answer["short"], live):
        return "It remembers earlier calls: asked first for this row it says something else"
    whole = answer.get("whole", live)
    if _close(whole, live):
        return "It reads rows that come later"
    if _close(whole, columns):
        return "It needs more than its lookback of LOOKBACK rows"
    return "It reads rows that come later, and more of the past than its lookback of LOOKBACK rows"


def _close(a: float, b: float) -> bool:
    return bool(np.isclose(a, b, rtol=1e-9, atol=0.0, equal_nan=True))
