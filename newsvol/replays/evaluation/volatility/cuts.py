"""Cuts of the test span: by time of day, month, event day and news hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, BoolArray, FloatArray, IntArray, TextArray
from newsvol.replays.evaluation.volatility.spans import local_days, local_times
from newsvol.signals.volatility.buckets import BucketFrame


@dataclass(frozen=True)
class CutRow:
    """One group of a cut: how many buckets, and the mean QLIKE of each model on them."""

    cut: str
    group: str
    buckets: int
    qlike: Mapping[str, float]


def label_buckets(
    buckets: BucketFrame, zone: ZoneInfo, news_ns: IntArray | None, event_ns: IntArray | None
) -> dict[str, TextArray]:
    """Return the group of each bucket in each cut, shape (B,) each.

    A news hour is a bucket before which at least one headline became known within the hour; an event day is a
    session on whose local day something was scheduled. Without headlines or events the cut is left out.

    Parameters
    ----------
    news_ns, event_ns : IntArray, optional
        When headlines became available, and when events are scheduled.
    """
    times = local_times(buckets.open_ns, zone)
    cuts: dict[str, TextArray] = {
        "time of day": np.array([f"{moment:%H:%M}" for moment in times], dtype=object),
        "month": np.array([f"{moment:%Y-%m}" for moment in times], dtype=object),
    }
    if len(np.unique(cuts["month"])) > 36:
        # a line per month would be no summary of twenty years
        cuts["year"] = np.array([f"{moment:%Y}" for moment in times], dtype=object)
        del cuts["month"]
    if event_ns is not None:
        scheduled = set(local_days(event_ns, zone))
        is_event = np.array([f"{moment:%Y-%m-%d}" in scheduled for moment in times])
        cuts["event day"] = np.where(is_event, "event day", "other day").astype(object)
    if news_ns is not None:
        cuts["news hour"] = np.where(_has_news(buckets, np.sort(news_ns)), "news", "no news").astype(object)
    return cuts


def cut_losses(
    cuts: Mapping[str, TextArray], losses: Mapping[str, FloatArray], rows: BoolArray
) -> list[CutRow]:
    """Return every group of every cut; the groups of a cut add up to the whole.

    Parameters
    ----------
    losses : mapping of model to FloatArray, shape (rows.sum(),)
    """
    out = []
    for cut, labels in cuts.items():
        scored = labels[rows]
        for group in sorted(set(scored.tolist())):
            inside = scored == group
            means = {name: float(loss[inside].mean()) for name, loss in losses.items()}
            out.append(CutRow(cut, group, int(inside.sum()), means))
    return out


def _has_news(buckets: BucketFrame, news_ns: IntArray) -> BoolArray:
    begin = np.searchsorted(news_ns, buckets.open_ns - NS_PER_HOUR, side="right")
    end = np.searchsorted(news_ns, buckets.open_ns, side="right")
    return np.asarray(end > begin)
