"""Headlines that models are timed on, and what their peer reads them with."""

import csv
from pathlib import Path

VOCABULARY = "seeds_reference/bert-base-uncased-vocab.txt"
HEADLINES = "news/reuters_2018_2020_date_only.csv"


def reuters(data: Path) -> list[str]:
    """Return the Reuters headlines in the folder of third-party data."""
    with (data / HEADLINES).open(encoding="utf-8", newline="") as file:
        return [row[1] for row in csv.reader(file)]
