"""Fills the tables of README.md and docs/*.md from the results files; `--check` says whether they agree.

    python benchmarks/readme.py [--check]

A table stands between the markers of its name, results:NAME and end, and may stand in several documents.
"""

import argparse
import io
import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import forecast_tables
import serving_tables
import variants_table
from rich.console import Console

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BLOCK = re.compile(r"<!-- results:(\w+) -->\n.*?<!-- end -->", re.DOTALL)
MARK = re.compile(r"<!-- (?:results:\w+|end) -->")
WIDTH = 90


def summary_block() -> str:
    """Return one line for each claim of the project, beside what it is measured against."""
    forecasts, run = _read("forecasts")["minutes"], _read("spy")["metrics"]
    training, serving = _read("student-training"), _read("sentiment-serving")
    har, plain, combined, gated = (
        forecasts["models"][name] for name in ("har", "log-har-p", "aggregate", "fused:log_linear")
    )
    news = next(trial for trial in forecasts["news"]["trials"] if trial["name"] == "real")
    target, hold = (
        run["strategies"][name]["fills"]["bridge"]["sharpe"] for name in ("vol_target", "buy_and_hold")
    )
    small, peer = (serving["one_core"][name] for name in ("student-int8", serving["peer"]))
    student, tfidf = (training["test"][name]["macro_f1"] for name in ("student", "tfidf_logistic"))
    gain = training["student_minus_tfidf_macro_f1"]
    low, high = gain["interval"]
    rows = (
        (
            "`aggregate`, SPY minutes: QLIKE, lower is better",
            f"{combined['qlike']:.4f}",
            f"{har['qlike']:.4f} (raw HAR)",
            f"{-combined['vs_har_pct']:.1f}% better, DM t {combined['dm_har']['t']:.1f}",
        ),
        (
            "`log-har-p` with news, SPY minutes: QLIKE",
            f"{news['qlike']:.4f} (all of it), {gated['qlike']:.4f} (gated)",
            f"{plain['qlike']:.4f} (without)",
            f"{forecast_tables.gain(news['gain_pct'])}, DM t {news['dm_t']:.1f}",
        ),
        (
            "`vol_target`, SPY: Sharpe ratio after costs and latency",
            f"{target:.2f}",
            f"{hold:.2f} (buy and hold)",
            "better" if target > hold else "no better",
        ),
        (
            "sentiment, held-out sentences: macro-F1",
            f"{student:.3f} (`student`)",
            f"{tfidf:.3f} (TF-IDF)",
            f"{gain['gain']:+.3f} (95% {low:.3f} to {high:.3f})",
        ),
        (
            "one headline, one CPU core: median time",
            f"{small['p50_ms']:.2f} ms (`student-int8`)",
            f"{peer['p50_ms']:.1f} ms (BERT-base)",
            f"{small['p50_speedup']:.1f} times as fast",
        ),
    )
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(["| | newsvol | baseline | result |", "|---|---|---|---|", *lines])


def spy_block() -> str:
    """Return the terminal tables of the real run, and what it took."""
    from newsvol.cli.runs.tables import print_metrics
    from newsvol.replays.runs.schema import Metrics

    result = _read("spy")
    console = Console(width=WIDTH, file=io.StringIO(), no_color=True)
    print_metrics(console, Metrics.model_validate(result["metrics"]), result["fill"])
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().strip().splitlines()]
    taken = (
        f"Import {result['import']['wall_s']} s; replay {result['replay']['wall_s']} s and "
        f"{result['replay']['peak_mib']:,} MiB at its peak, report {result['report_bytes'] / 1e6:.1f} MB "
        f"({_machine(result)}; `{result['command']}`)."
    )
    return "\n".join(["```text", *lines, "```", "", taken])


def replay_block() -> str:
    """Return the speed of the engine."""
    result = _read("replay")
    millions = result["bars_per_cpu_second"] / 1e6
    whole, vectorbt = (result["cpu_ms"][name]["median"] for name in ("replay", "vectorbt_alone"))
    return (
        f"One year of minute bars ({result['bars']:,}) with {result['headlines']:,} pre-scored headlines, "
        f"forecast to portfolio value: **{millions:.1f} million bars per CPU second** "
        f"({whole:.1f} ms in all, {vectorbt:.1f} ms of it in vectorbt's portfolio; "
        f"{_machine(result)}; `{result['command']}`)."
    )


def forecasts_block(part: str) -> str:
    """Return one table of the forecasts on real minutes and hours."""
    table: str = getattr(forecast_tables, part)(_read("forecasts"))
    return table


def short_block() -> str:
    """Return the forecasts on a few days of history."""
    return forecast_tables.short(_read("short_histories"))


def outliers_block() -> str:
    """Return what a few bad bars decide."""
    return forecast_tables.outliers(_read("outliers"))


def volatility_block() -> str:
    """Return the speed of the measures and of the HAR kernel."""
    result = _read("volatility")
    measures, har = result["measures"], result["har"]
    cpu, refit, times = har["cpu_ms"], har["per_refit_us"], har["times_the_kernel"]
    rows = (
        ("newsvol", cpu["kernel"]["median"], refit["kernel"], 1.0),
        ("newsvol, live steps", cpu["kernel_live_steps"]["median"], refit["kernel_live_steps"], None),
        (
            "NumPy, cumulated sums and a batched solve",
            cpu["numpy_cumsum_and_batched_solve"]["median"],
            refit["numpy_cumsum_and_batched_solve"],
            times["numpy_cumsum_and_batched_solve"],
        ),
        (
            "statsmodels `RollingOLS`",
            cpu["rolling_ols_params_only"]["median"],
            refit["rolling_ols_params_only"],
            times["rolling_ols_params_only"],
        ),
        ("statsmodels in a loop", None, refit["statsmodels_loop"], times["statsmodels_loop"]),
        ("arch `HARX` in a loop", None, refit["arch_harx_loop"], times["arch_harx_loop"]),
    )
    lines = [
        f"| {name} | {'' if whole is None else f'{whole:.1f} ms'} | {one:,.2f} us | "
        f"{'' if factor is None else f'{factor:,.1f}'} |"
        for name, whole, one, factor in rows
    ]
    passes = {name: row["median"] for name, row in measures["cpu_ms"].items()}
    return "\n".join(
        [
            f"Measures of {measures['bars']:,} bars in CPU time: {measures['kernel_measures']} take "
            f"{passes['kernel']:.0f} ms; in pandas {measures['pandas_measures']} take "
            f"{passes['pandas_groupby']:.0f} ms. Refits of HAR with a window of {har['window']:,} and "
            f"{har['columns']} columns:",
            "",
            f"| | {har['refits']:,} refits, CPU time | one refit | times newsvol's |",
            "|---|---|---|---|",
            *lines,
            "",
            f"`{result['command']}`; {_machine(result)}.",
        ]
    )


def mistakes_block(part: str) -> str:
    """Return one part of the mistakes as a table: what was done, and what it scored."""
    result = _read("mistakes")
    if part == "units":
        head = (
            "| forecast | RMSE, bps | RMSE / mean | RMSE, min-max units | in the range of the past | R2 vol |"
        )
        rows = [
            f"| {name} | {row['rmse_bps']:.1f} | {row['rmse_of_mean']:.2f} | {row['rmse_min_max']:.3f} | "
            f"{row['rmse_min_max_past']:.3f} | {row['r2_vol']:.3f} |"
            for name, row in result["units"].items()
            if isinstance(row, dict)
        ]
        return "\n".join([head, "|---|---|---|---|---|---|", *rows])
    honest = {} if part == "input" else {"as it should be": result["honest"]}
    rows = [
        f"| {name} | {row['qlike']:.4f} | {row['r2_vol']:.3f} | {row['r2_log']:.3f} |"
        for name, row in {**honest, **result[part]}.items()
        if isinstance(row, dict)
    ]
    return "\n".join(["| | QLIKE | R2 vol | R2 log |", "|---|---|---|---|", *rows])


def mistakes_made_block() -> str:
    """Return what the mistakes were made on, and by which command."""
    result = _read("mistakes")
    return (
        f"`{result['model']}` on SPY minutes of 2024-02-20 to 2025-04-11 with {result['headlines']:,} "
        f"headlines, scored on the last third ({result['buckets']} buckets). The last section tries "
        f"{result['fit']['settings tried']} settings (`{result['command']}`)."
    )


def audit_block() -> str:
    """Return every planted leak beside what the audit said of it, and how long it took."""
    result = _read("audit")
    seeds = [run["seed"] for run in result["leaks"][0]["runs"]]
    rows = [
        f"| planted leak | author | rows | found, of {len(seeds)} seeds | seconds |",
        "|---|---|---|---|---|",
    ]
    for leak in result["leaks"]:
        runs = leak["runs"]
        missed = [str(run["seed"]) for run in runs if not run["found"]]
        found = f"all but **{', '.join(missed)}**" if missed else "all"
        share = f"{100 * runs[0]['rows'] / runs[0]['of']:.2g}%" if runs[0]["of"] else "-"
        taken = [run["wall_s"] for run in runs if run["wall_s"] is not None]
        seconds = " to ".join(f"{one:.0f}" for one in sorted({min(taken), max(taken)}))
        rows.append(f"| {leak['kind']}: {leak['what']} | {leak['author']} | {share} | {found} | {seconds} |")
    tapes = list(dict.fromkeys(one["tape"] for one in result["honest"]))
    alarms = sum(one["exit"] for one in result["honest"])
    year = next(
        one for one in result["honest"] if one["tape"] == "SPY" and one["forecaster"] == "the shipped recipe"
    )
    rows += [
        "",
        f"Found {result['found']} of {result['of']}. Of {len(result['honest'])} honest audits (every "
        f"built-in forecaster, on {', '.join(tapes)}) {alarms or 'none'} gave a finding. The "
        f"shipped recipe on 14 months of SPY takes {year['wall_s']:.0f} s ({_machine(result)}). "
        "`rows` is the share of rows that differ."
        + (f" Here: {result['note']}." if "note" in result else ""),
    ]
    return "\n".join(rows)


def serving_block(part: str) -> str:
    """Return one table of how the sentiment model is served."""
    table: str = getattr(serving_tables, part)(_read("sentiment-serving"))
    return table


def variants_block() -> str:
    """Return the table of training variants, and how each comparison came out."""
    result = _read("sentiment-variants")
    made_on = f"one of {result['machine']['cores']} cores of {result['machine']['processor']} for each"
    found = [f"- {line}" for line in variants_table.findings(result["variants"])]
    served = []
    for kind, title in (("served_int8", "INT8"), ("served_int8_static", "static INT8")):
        rounded = {name: row[kind] for name, row in result["variants"].items() if kind in row}
        scores = ", ".join(f"{name} {row['macro_f1']['mean']:.3f}" for name, row in rounded.items())
        flips = max(share for row in rounded.values() for share in row["polarity_flips"])
        served.append(
            f"- served by newsvol in {title}: {scores}; at most {flips:.2%} of sentences "
            "change between negative and positive"
        )
    return "\n".join(
        [
            variants_table.markdown(result),
            "",
            f"`{result['command']}`; {made_on}. Each comparison, in macro-F1 with its 95% interval:",
            "",
            *found,
            *served,
        ]
    )


BLOCKS: dict[str, Callable[[], str]] = {
    "summary": summary_block,
    "spy": spy_block,
    "replay": replay_block,
    "forecasts": partial(forecasts_block, "selected"),
    **{f"forecasts_{part}": partial(forecasts_block, part) for part in ("minutes", "hours")},
    "short": short_block,
    "outliers": outliers_block,
    "volatility": volatility_block,
    "mistakes": mistakes_made_block,
    **{f"mistakes_{part}": partial(mistakes_block, part) for part in ("input", "units", "delay", "fit")},
    "variants": variants_block,
    "audit": audit_block,
    **{f"serving_{part}": partial(serving_block, part) for part in ("speed", "int8", "start")},
}


def render(text: str) -> str:
    """Return a document with every block written anew.

    Raises
    ------
    ValueError
        A block has an unknown name, or lacks one of its two markers.
    """
    unknown = sorted(set(BLOCK.findall(text)) - set(BLOCKS))
    if unknown:
        raise ValueError(f"no table is called {', '.join(unknown)}; there are {', '.join(BLOCKS)}")
    if MARK.search(BLOCK.sub("", text)):
        raise ValueError("a marker of a table stands alone")
    return BLOCK.sub(lambda m: f"<!-- results:{m[1]} -->\n{BLOCKS[m[1]]()}\n<!-- end -->", text)


def _machine(result: dict[str, Any]) -> str:
    about = result["machine"]
    return f"{about['cores']} cores of {about['processor']}, {about['memory_gib']} GiB"


def _read(name: str) -> dict[str, Any]:
    content = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def main() -> None:
    """Write the documents, or check them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 where a document differs")
    options = parser.parse_args()
    differing = []
    for file in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))):
        before = file.read_text(encoding="utf-8")
        try:
            after = render(before)
        except ValueError as error:
            sys.exit(f"{file.relative_to(ROOT)}: {error}")
        if before != after:
            differing.append(str(file.relative_to(ROOT)))
            if not options.check:
                file.write_text(after, encoding="utf-8")
    if options.check and differing:
        sys.exit(f"the results files say otherwise than {', '.join(differing)}: python benchmarks/readme.py")


if __name__ == "__main__":
    main()
