"""A grammar of finance headlines whose sentiment is known, for the synthetic market."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import IntArray, TextArray

NEGATIVE, NEUTRAL, POSITIVE = -1, 0, 1

_SUBJECTS = (
    "Halden Motors", "Corvane Bank", "Ostrava Steel", "Pellworm Energy", "Quillon Software",
    "Marisk Shipping",
    "Tessaly Foods", "Brightmoor Retail", "Novacrest Pharma", "Ardent Airlines", "Kestrel Semiconductors",
    "Union Pacifica", "Lindqvist Paper", "Solway Insurance", "Verity Networks", "Granmere Homes",
)  # fmt: skip
_PERIODS = ("first-quarter", "second-quarter", "third-quarter", "fourth-quarter", "half-year", "full-year")
_TEMPLATES = {
    NEGATIVE: (
        "{name} {period} profit falls {n}% as demand weakens",
        "{name} cuts {n00} jobs after {period} loss widens",
        "{name} shares tumble {n}% on profit warning",
        "{name} lowers {period} outlook, citing falling sales",
        "{name} operating loss widens to ${n} million",
        "{name} downgraded as {period} margins decline sharply",
        "{name} net sales drop {n}% from a year earlier",
        "{name} warns of plant closures after orders decreased by {n}%",
    ),
    NEUTRAL: (
        "{name} to publish {period} report on the {day}th",
        "{name} appoints new head of investor relations",
        "{name} holds annual general meeting in Helsinki",
        "{name} is headquartered in a city of {n00} people",
        "{name} says contract runs for {n} months, value not disclosed",
        "{name} names auditor for the coming financial year",
        "{name} to move its office to a new address",
        "{name} board consists of {day} members",
    ),
    POSITIVE: (
        "{name} {period} profit rises {n}% on strong demand",
        "{name} wins order worth ${n} million",
        "{name} shares jump {n}% as earnings beat estimates",
        "{name} raises {period} outlook after record sales",
        "{name} operating profit increased to ${n} million from a year earlier",
        "{name} upgraded as {period} margins improve",
        "{name} net sales grew {n}%, exceeding expectations",
        "{name} to expand plant after orders increased by {n}%",
    ),
}


@dataclass(frozen=True)
class WrittenHeadlines:
    """Headlines and what they were meant to say.

    `text` : TextArray, shape (N,); `sentiment` : IntArray, shape (N,), -1, 0 or 1.
    """

    text: TextArray
    sentiment: IntArray


def write_headlines(rng: np.random.Generator, count: int) -> WrittenHeadlines:
    """Write `count` headlines: two fifths negative, one fifth neutral, two fifths positive."""
    sentiment = rng.choice([NEGATIVE, NEUTRAL, POSITIVE], size=count, p=[0.4, 0.2, 0.4])
    text = np.empty(count, dtype=object)
    for i, meaning in enumerate(sentiment.tolist()):
        template = _TEMPLATES[meaning][rng.integers(len(_TEMPLATES[meaning]))]
        text[i] = template.format(
            name=_SUBJECTS[rng.integers(len(_SUBJECTS))],
            period=_PERIODS[rng.integers(len(_PERIODS))],
            n=rng.integers(3, 60),
            n00=rng.integers(3, 60) * 100,
            day=rng.integers(5, 13),
        )
    return WrittenHeadlines(text, sentiment.astype(np.int64))
