"""Two runs side by side: what differs in what they were given, and what came out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from newsvol.models.config import parse_yaml
from newsvol.replays.runs.reader import Run
from newsvol.replays.runs.schema import Metrics


@dataclass(frozen=True)
class Difference:
    """A setting that two runs do not share; None where one of them does not have it."""

    key: str
    first: Any
    second: Any


@dataclass(frozen=True)
class MetricPair:
    """One metric of two runs; None where a run does not have it."""

    key: str
    first: float | None
    second: float | None

    @property
    def change(self) -> float | None:
        """Second minus first."""
        return None if self.first is None or self.second is None else self.second - self.first


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs, and their metrics side by side."""

    settings: list[Difference]
    recipe: list[Difference]
    metrics: list[MetricPair]

    @property
    def like_for_like(self) -> bool:
        """Whether both replayed the same days of one tape; else their metrics are about different markets."""
        differ = {difference.key for difference in (*self.settings, *self.recipe)}
        return not differ & {"tape_hash", "span.first", "span.last"}


def compare_runs(first: Run, second: Run) -> Comparison:
    """Lay two runs side by side: what differs in what they were given, then every metric of either."""
    settings = differences(_settings(first), _settings(second))
    named = {difference.key for difference in settings}
    recipe = differences(
        *(flat(parse_yaml(run.recipe_text, str(run.folder / "recipe.yaml"))) for run in (first, second))
    )
    return Comparison(
        settings=settings,
        recipe=[difference for difference in recipe if difference.key not in named],
        metrics=_metric_pairs(first.metrics, second.metrics),
    )


def _settings(run: Run) -> dict[str, Any]:
    # The tape's hash says whether it differs; its stamps and origin would only repeat that at length.
    skipped = ("run_id", "name", "tape.origin", "tape.first_ns", "tape.last_ns", "tape.replayed_hash")
    about = run.manifest.model_dump(exclude={"plug_ins", "recording"})
    about |= {what: str(plug_in) for what, plug_in in run.manifest.plug_ins.items()}
    # likewise of the recording: its hash stands above, and what was forced is what a reader must know
    recording = run.manifest.recording
    about["forced"] = "; ".join(recording.forced) if recording is not None and recording.forced else None
    return flat(about, skipped)


def _metric_pairs(first: Metrics, second: Metrics) -> list[MetricPair]:
    sides = [
        {key: float(value) for key, value in flat(side.model_dump()).items() if _is_number(value)}
        for side in (first, second)
    ]
    keys = dict.fromkeys([*sides[0], *sides[1]])
    return [
        MetricPair(key, sides[0].get(key), sides[1].get(key)) for key in keys if not key.startswith("span.")
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return the keys whose values are not the same in both, in the order of the first."""
    keys = dict.fromkeys([*first, *second])
    return [
        Difference(key, first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)
    ]


def flat(value: Any, skipped: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the leaves of nested mappings and lists by dotted key; none that begins as one `skipped`."""
    return {key: leaf for key, leaf in _leaves(value, "") if not key.startswith(skipped or "\0")}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{place}]")
    else:
        yield path, value
