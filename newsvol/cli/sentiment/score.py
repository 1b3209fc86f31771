"""``newsvol sentiment score``: text, a file or a stream in, JSON lines out."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from newsvol.cli.sentiment.options import DEVICE, MODEL, QUIET
from newsvol.engine.errors import InputError, OutputError

if TYPE_CHECKING:
    from newsvol.engine.arrays import FloatArray
    from newsvol.models.text.files import TextFile

    Scored = Generator[tuple[list[str], FloatArray], None, None]

STREAM = "-"


@click.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--file", type=click.Path(path_type=Path), help="Texts: .txt (one a line), .csv or .parquet.")
@click.option("--column", help="Column of the texts  [default: text, headline or title].")
@click.option("--out", type=click.Path(path_type=Path), help="File for the JSON lines, instead of stdout.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes for a long file  [default: one a core]."
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Score FILE on Ray: local starts one here, auto or HOST:PORT joins one that runs.",
)
@MODEL
@DEVICE
@QUIET
def score(
    texts: tuple[str, ...], file: Path | None, column: str | None, out: Path | None, workers: int | None,
    cluster: str | None, model: str, device: str, quiet: bool,
) -> None:  # fmt: skip
    """Print one JSON line per text: probabilities, and score = P(positive) - P(negative).

    TEXT may be ``-``: each line of stdin is then answered as it comes. A long FILE is scored by one process a
    core, or on Ray with --cluster; what --out names appears whole or not at all.

    \b
    Examples:
      newsvol sentiment score "Profit rises 12% on strong demand"
      tail -f headlines.txt | newsvol sentiment score -
      newsvol sentiment score --file headlines.csv --out scores.jsonl
      newsvol sentiment score --file headlines.csv --out scores.jsonl --cluster local
    """
    if (file is None) == (not texts):
        raise click.UsageError("give TEXT, - for stdin, or --file FILE: one of them")
    if STREAM in texts and len(texts) > 1:
        raise click.UsageError("- reads stdin and stands alone")
    if file is None and (column, workers, cluster) != (None, None, None):
        raise click.UsageError("--column, --workers and --cluster go with --file")
    with _output(out) as stream:
        if file is not None:
            from newsvol.models.text.files import TextFile

            where = _Where(model, device, workers, cluster)
            _score_file(TextFile(file, column), where, stream, silent=quiet or out is None)
        elif texts == (STREAM,):
            _score_stdin(model, device, stream)
        else:
            from newsvol.models.serving.scorer import load_scorer

            _write(stream, texts, load_scorer(model, device).probabilities(texts))


def _score_stdin(model: str, device: str, stream: TextIO) -> None:
    from newsvol.models.serving.scorer import load_scorer
    from newsvol.models.text.files import Decoder, lines_of

    scorer = load_scorer(model, device)
    decode = Decoder()
    for text in lines_of(sys.stdin.buffer, decode):
        _write(stream, [text], scorer.probabilities([text]))
        stream.flush()
    _tell_odd(decode.odd, "stdin")


@dataclass(frozen=True)
class _Where:
    model: str
    device: str
    workers: int | None
    cluster: str | None


def _score_file(source: "TextFile", where: _Where, stream: TextIO, silent: bool) -> None:
    from newsvol.cli.progress import stages
    from newsvol.models.serving.bulk import CHUNK
    from newsvol.models.text.files import chunked

    total = source.count()
    chunks = chunked(source.texts(), CHUNK)
    first = list(next(chunks, []))  # a wrong column is told before any model is loaded
    done = 0
    rest = chain([first] if first else [], chunks)
    with closing(_scored(rest, total, where)) as scored, stages(not silent) as on_progress:
        for chunk, probs in scored:
            _write(stream, chunk, probs)
            done += len(chunk)
            on_progress("scoring", done, max(total, done))
    _tell_odd(source.decode.odd, str(source.path))


def _scored(chunks: Iterable[list[str]], total: int, where: _Where) -> "Scored":
    """Yield each chunk with its probabilities, by this process, by others beside it, or by Ray."""
    from newsvol.models.serving.bulk import CHUNK, default_workers, score_chunks
    from newsvol.models.serving.scorer import load_scorer

    if where.cluster is not None:
        yield from _scored_on_cluster(chunks, where, where.cluster)
        return
    # A wrong model is told here, and an INT8 one is in the cache for the workers.
    scorer = load_scorer(where.model, where.device)
    count = where.workers or (default_workers() if total > 4 * CHUNK else 1)
    if count > 1 and scorer.device != "cpu":
        count = _one(where.workers, scorer.device)
    if count == 1:
        for chunk in chunks:
            yield chunk, scorer.probabilities(chunk)
    else:
        yield from score_chunks(chunks, where.model, count)


def _scored_on_cluster(chunks: Iterable[list[str]], where: _Where, address: str) -> "Scored":
    from newsvol.models.serving.ray_cluster import Cluster, require_ray, score_on_cluster
    from newsvol.models.serving.scorer import load_scorer

    require_ray()
    if where.device == "cuda":
        raise InputError("--cluster scores on the CPUs of its machines; leave --device cuda out")
    scorer = load_scorer(where.model, "cpu")
    yield from score_on_cluster(chunks, scorer, where.model, Cluster(address, where.workers))


def _one(workers: int | None, device: str) -> int:
    if workers is not None:
        raise InputError(f"--workers are processes on the CPU, the model runs on {device}; add --device cpu")
    return 1


@contextmanager
def _output(out: Path | None) -> Iterator[TextIO]:
    """Yield stdout, or a file that takes its name when all is written."""
    if out is None:
        yield sys.stdout
        return
    if out.is_dir():
        raise OutputError(f"{out} is a folder; name a file, as in --out {out / 'scores.jsonl'}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
    except OSError as error:
        raise OutputError(f"cannot write {out}: {error.strerror}; name another --out") from error
    making = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
        making.chmod(0o644)
        making.replace(out)
    except OSError as error:
        raise OutputError(f"cannot write {out}: {error.strerror}; name another --out") from error
    finally:
        making.unlink(missing_ok=True)


def _write(stream: TextIO, texts: Iterable[str], probs: "FloatArray") -> None:
    from newsvol.models.labels import LABELS

    lines = []
    for text, row in zip(texts, probs.tolist(), strict=True):
        said: dict[str, float] = {label: round(value, 6) for label, value in zip(LABELS, row, strict=True)}
        lines.append(_json({"text": text, **said, "score": round(row[2] - row[0], 6)}))
    stream.write("".join(lines))


def _json(row: dict[str, object]) -> str:
    line = json.dumps(row, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # half a character cannot be written as it is: escape the line
        line = json.dumps(row)
    return line + "\n"


def _tell_odd(count: int, place: str, say: Callable[..., None] = click.echo) -> None:
    if count:
        say(f"{place}: {count} lines are not UTF-8; they were read as Windows-1252 (Latin-1)", err=True)
