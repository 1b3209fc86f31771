"""Ticks: the moments at which something wakes up."""

from enum import IntEnum


class TickKind(IntEnum):
    """Why the clock stopped here. The values give the order of ticks that share a stamp."""

    BAR = 0
    SESSION_OPEN = 1
    BUCKET_END = 2
    HEADLINE = 3
