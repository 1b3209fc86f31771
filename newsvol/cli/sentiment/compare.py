"""``newsvol sentiment benchmark`` and ``compare``: models beside BERT-base, baselines and each other."""

import json
from pathlib import Path
from typing import Any

import click

from newsvol.cli.sentiment.options import LABELLED, MODELS

PEER_HELP = "Do not time BERT-base, and give no ratios."


@click.command()
@MODELS
@click.option(
    "--data", type=click.Path(path_type=Path), help="Headlines: .txt, .csv or .parquet  [default: made up]."
)
@click.option("--headlines", type=click.IntRange(min=1), default=100, show_default=True, help="How many.")
@click.option(
    "--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Times each is timed."
)
@click.option(
    "--vocabulary", type=click.Path(path_type=Path), help="BERT's vocab.txt  [default: the student's pieces]."
)
@click.option("--no-peer", is_flag=True, help=PEER_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--out", type=click.Path(path_type=Path), help="New folder for benchmark.json.")
def benchmark(
    models: tuple[str, ...], data: Path | None, headlines: int, rounds: int, vocabulary: Path | None,
    no_peer: bool, as_json: bool, out: Path | None,
) -> None:  # fmt: skip
    """Time models, headline to label, on one core and on all, beside BERT-base FP32 in the same run.

    \b
    Example:
      newsvol sentiment benchmark --model student-int8 --json
    """
    from newsvol.engine.errors import InputError
    from newsvol.engine.provenance import machine, versions
    from newsvol.models.serving.device import usable_cores
    from newsvol.models.serving.timing import PEER, TimingRequest, require_peer, time_models
    from newsvol.models.serving.variants import open_variant, size_on_disk
    from newsvol.models.serving.weights import count_parameters
    from newsvol.replays.folders import require_writable

    if out is not None:
        require_writable(out)
    if not no_peer:
        require_peer()
    if vocabulary is not None and not vocabulary.is_file():  # before minutes of timing
        raise InputError(f"no file {vocabulary}; name BERT's vocab.txt with --vocabulary")
    variants = {model: open_variant(model) for model in models}
    texts = _headlines(data, headlines)
    result: dict[str, Any] = {
        "headlines": len(texts),
        "rounds": rounds,
        "peer": None if no_peer else PEER,
        "models": {
            model: {
                "model_hash": variant.model_hash,
                "bytes": size_on_disk(variant),
                "parameters": count_parameters(variant.checkpoint),
            }
            for model, variant in variants.items()
        },
    }
    for name, cores in (("one_core", 1), ("all_cores", usable_cores())):
        timed = TimingRequest(models, texts, cores, rounds, not no_peer, vocabulary)
        result[name] = {"cores": cores, **time_models(timed)}
    result |= {"machine": machine(), "versions": versions()}
    _save(result, out, "benchmark.json")
    if as_json:
        click.echo(json.dumps(result))
        return
    for name in ("one_core", "all_cores"):
        timings = dict(result[name])
        click.echo(f"{timings.pop('cores')} core(s), {len(texts)} headlines, {rounds} rounds")
        click.echo(_timing_table(timings))


@click.command()
@LABELLED
@MODELS
@click.option("--reference", default="student", show_default=True, help="Model the others should agree with.")
@click.option(
    "--train",
    type=click.Path(path_type=Path),
    help="Labelled CSV file that TF-IDF + logistic regression learns.",
)
@click.option("--no-peer", is_flag=True, help=PEER_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--out", type=click.Path(path_type=Path), help="New folder for CSV, JSON and the picture.")
def compare(
    data: Path, models: tuple[str, ...], reference: str, train: Path | None, no_peer: bool, as_json: bool,
    out: Path | None,
) -> None:  # fmt: skip
    """Compare models on labelled texts: accuracy, F1, calibration, agreement, size and latency on one core.

    OUT gets comparison.csv, comparison.json and pareto.html: accuracy against latency, bubbles by size.
    TF-IDF needs --train and: pip install 'newsvol[train]'.

    \b
    Example:
      newsvol sentiment compare --data labelled.csv --model student --model my-student --out compared
    """
    import importlib.util

    from newsvol.engine.errors import InputError
    from newsvol.models.sentiment.comparison import ComparisonRequest, write_comparison
    from newsvol.models.sentiment.comparison import compare as run
    from newsvol.models.serving.timing import require_peer
    from newsvol.replays.folders import new_folder, require_writable

    if out is not None:
        require_writable(out)
    if train is not None and importlib.util.find_spec("sklearn") is None:
        raise InputError("--train needs scikit-learn: pip install 'newsvol[train]'")
    if not no_peer:
        require_peer()
    result = run(ComparisonRequest(models, data, reference, train, peer=not no_peer))
    if out is not None:
        from newsvol.cli.sentiment.pareto import pareto_page

        with new_folder(out) as making:
            write_comparison(result, making)
            (making / "pareto.html").write_text(pareto_page(result["models"]), encoding="utf-8")
    click.echo(json.dumps(result) if as_json else _comparison_table(result))


def _headlines(data: Path | None, count: int) -> list[str]:
    import numpy as np

    generator = np.random.default_rng(0)
    if data is None:
        from newsvol.replays.tapes.headline_grammar import write_headlines

        return [str(text) for text in write_headlines(generator, count).text]
    from newsvol.engine.errors import InputError
    from newsvol.models.text.files import TextFile

    source = TextFile(data)
    source.count()
    texts = list(source.texts())
    if not texts:
        raise InputError(f"{data} has no texts")
    return [texts[row] for row in np.sort(generator.permutation(len(texts))[:count])]


def _save(result: dict[str, Any], out: Path | None, name: str) -> None:
    if out is None:
        return
    from newsvol.replays.folders import new_folder

    with new_folder(out) as making:
        (making / name).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _timing_table(timings: dict[str, dict[str, float]]) -> str:
    width = max(map(len, timings)) + 2
    times = f"{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'speed-up':>10}"
    lines = [f"{'':<{width}}{times}{'headlines/s':>13}{'speed-up':>10}"]
    for name, row in timings.items():
        times = "".join(f"{row[key]:>9.3f}" for key in ("p50_ms", "p95_ms", "p99_ms"))
        lines.append(
            f"{name:<{width}}{times}{_ratio(row, 'p50_speedup')}{row['headlines_per_second']:>13,.0f}"
            f"{_ratio(row, 'throughput_speedup')}"
        )
    return "\n".join(lines)


def _ratio(row: dict[str, float], key: str) -> str:
    return f"{row[key]:>9.1f}x" if key in row else f"{'-':>10}"


def _comparison_table(result: dict[str, Any]) -> str:
    width = max(map(len, result["models"])) + 2
    head = f"{'':<{width}}{'accuracy':>9}  {'95%':<13}{'macro-F1':>9}  {'95%':<13}{'ECE':>6}{'agrees':>8}"
    lines = [head + f"{'MB':>7}{'p50 ms':>9}{'speed-up':>10}"]
    for name, row in result["models"].items():
        cells = [f"{name:<{width}}"]
        for measure in ("accuracy", "macro_f1"):
            low, high = row.get(f"{measure}_interval", ("", ""))
            cells.append(
                f"{row[measure]:>9.3f}  {f'{low:.3f}-{high:.3f}':<13}" if low != "" else f"{'-':>9}  {'':<13}"
            )
        cells.append(f"{row['ece']:>6.3f}" if "ece" in row else f"{'-':>6}")
        cells.append(f"{row['agreement']:>8.3f}" if "agreement" in row else f"{'-':>8}")
        cells.append(f"{row['bytes'] / 1e6:>7.1f}" if row.get("bytes") else f"{'-':>7}")
        cells.append(f"{row['p50_ms']:>9.3f}" if "p50_ms" in row else f"{'-':>9}")
        lines.append("".join(cells) + _ratio(row, "p50_speedup"))
    return "\n".join([*lines, f"{result['n']} texts; agrees: with {result['reference']}"])
