"""Charging again what an earlier run measured."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.clock import utc_second
from newsvol.engine.errors import RunError
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.hashes import file_hash, text_hash
from newsvol.engine.plug_ins import differing_rows
from newsvol.engine.ticks import TickFrame
from newsvol.replays.simulation.service_times import ServiceTimes
from newsvol.strategies.contract import decide_columns, is_own_strategy
from newsvol.strategies.protocol import Strategy

_SERVICE = pa.schema([("kind", pa.int64()), ("score_ns", pa.int64()), ("forecast_ns", pa.int64())])
_DECIDE = pa.schema([("strategy", pa.string()), ("decide_ns", pa.int64()), ("weight", pa.float64())])
_FILES = ("service.parquet", "decide.parquet", "scores.parquet")
_SCORES = pa.schema([(tone, pa.float64()) for tone in ("negative", "neutral", "positive")])


def recording_hash(folder: Path) -> str:
    """Return ``sha256:...`` over the files of a run folder that its recording consists of."""
    return text_hash(" ".join(file_hash(folder / name) for name in _FILES))


class Recording:
    """The service times and scores of a run folder.

    Whether it is of the same tape, models and strategies is for `runs.recorded` to say: here they only fit.

    Parameters
    ----------
    folder : Path
        A finished run.

    Raises
    ------
    RunError
        The folder holds no recording.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        service, decide, scores = _FILES
        try:
            self._service = _read(folder / service, _SERVICE)
            self._decide = _read(folder / decide, _DECIDE)
            self._scores = _read(folder / scores, _SCORES)
        except (OSError, KeyError, pa.ArrowException) as error:
            raise RunError(
                f"{folder} holds no recorded service times; name the folder of a finished run"
            ) from error

    def content_hash(self) -> str:
        """Return what `recording_hash` says of the folder."""
        return recording_hash(self.folder)

    def probs(self) -> FloatArray:
        """Return the recorded probabilities, shape (N, 3)."""
        return np.column_stack(
            [self._scores.column(name).to_numpy() for name in ("negative", "neutral", "positive")]
        )

    def times(self, ticks: TickFrame) -> ServiceTimes:
        """Return what each tick was charged.

        Raises
        ------
        RunError
            The recording is of other ticks.
        """
        if self._service.num_rows != len(ticks) or not np.array_equal(
            self._service.column("kind").to_numpy(), ticks.kind
        ):
            raise RunError(
                f"{self.folder} recorded other ticks ({self._service.num_rows:,}; this replay has "
                f"{len(ticks):,}), which cannot be charged, forced or not; replay the tape that it names in "
                "manifest.json, with the span of its recipe.yaml"
            )
        return ServiceTimes(
            self._service.column("score_ns").to_numpy(), self._service.column("forecast_ns").to_numpy()
        )

    def decide(self, name: str, strategy: Strategy, frame: DecisionFrame) -> tuple[FloatArray, IntArray]:
        """Decide what was decided in the recording, and charge what each decision was charged.

        Raises
        ------
        RunError
            The strategy was not recorded, or on another frame, or it decides something else now.
        """
        weight, taken = self.decide_anew(name, strategy, frame)
        recorded = np.asarray(self._rows_of(name, "weight"), dtype=np.float64)
        differ = differing_rows(recorded, weight, exactly=is_own_strategy(strategy))
        if len(differ):
            row = int(differ[0])
            raise RunError(
                f"{self.folder} recorded that {name!r} decides {recorded[row]:.9g} at row {row:,} "
                f"({utc_second(frame.tick_ns[row])}); it decides {weight[row]:.9g} now, and "
                f"something else in {len(differ):,} of {len(frame):,} rows: its code has changed, or it does "
                "not give the same twice"
            )
        return recorded, taken

    def decide_anew(self, name: str, strategy: Strategy, frame: DecisionFrame) -> tuple[FloatArray, IntArray]:
        """Decide in one call, whatever was decided in the recording: for one that is forced.

        Raises
        ------
        RunError
            The strategy was not recorded, or on another frame.
        """
        taken = self._rows_of(name, "decide_ns")
        if len(taken) != len(frame):
            raise RunError(
                f"{self.folder} recorded {len(taken)} decisions of {name!r}, this replay makes {len(frame)}"
            )
        return decide_columns(name, strategy, frame), np.asarray(taken, dtype=np.int64)

    def _rows_of(self, name: str, column: str) -> FloatArray | IntArray:
        rows = np.asarray(self._decide.column("strategy").to_pylist(), dtype=object) == name
        values: FloatArray | IntArray = self._decide.column(column).to_numpy()[rows]
        return values


def _read(file: Path, wanted: pa.Schema) -> pa.Table:
    """Return the columns that are wanted, of the kinds that are wanted, without gaps."""
    table = pq.read_table(file).select(wanted.names).cast(wanted)
    if any(column.null_count for column in table.columns):
        raise pa.ArrowInvalid(f"{file} has gaps")
    return table
