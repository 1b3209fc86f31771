"""An evaluation of volatility forecasts, and a sweep, as tables for the terminal."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from newsvol.cli.console import marked, new_table, print_lines, print_table
from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.replays.evaluation.volatility.forecasts import RAW_HAR
from newsvol.replays.evaluation.volatility.placebos import NewsStudy
from newsvol.replays.evaluation.volatility.sweep import SweepResult
from newsvol.replays.report.evaluation.pictures import drawn_models
from newsvol.replays.report.evaluation.verdicts import (
    band_sentence,
    model_verdicts,
    news_verdicts,
    settings_words,
    source_sentences,
    span_sentence,
)
from newsvol.replays.report.wording import NOTHING, hindsight_words, number, prior_words, scientific
from newsvol.replays.runs.schema import PriorPart

SHOWN_TRIALS = 10


def print_evaluation(console: Console, evaluation: Evaluation, page: Path | None = None) -> None:
    """Print the tables of `evaluation`, what they mean in a sentence each, and where the page is."""
    board = evaluation.board
    print_lines(console, [span_sentence(evaluation), *source_sentences(evaluation), *board.notes])
    print_lines(
        console, (f"Left out: {', '.join(names)}: {why}" for why, names in evaluation.lineup.reasons.items())
    )
    title = f"Loss (DM t: positive is better, Newey-West {board.lag} lags; + is in the 90% MCS; * best)"
    print_table(console, title, loss_table(console, evaluation))
    print_lines(
        console,
        [
            f"Excess is above {number(board.noise_floor, 4)}, what a perfect one scores on noisy RV.",
            *model_verdicts(evaluation),
            *band_sentence(evaluation),
        ],
    )
    title = "Fit (QLIKE of all but the worst 1%; Mincer-Zarnowitz RV = a + b f: unbiased is 0 and 1; its p)"
    print_table(console, title, fit_table(console, evaluation))
    print_table(console, "QLIKE by cut", cut_table(console, evaluation))
    if evaluation.news is not None:
        title = "News beside its placebos (log-linear, no gate; gain and DM t against the forecaster alone)"
        print_table(console, title, news_table(console, evaluation.news))
        print_lines(console, news_verdicts(evaluation.news))
    if page is not None:
        print_lines(console, ["", f"Page: {page}"])


def loss_table(console: Console, evaluation: Evaluation) -> Table:
    """Return QLIKE and the tests, naive forecasts first."""
    board = evaluation.board
    baseline = "HAR" if board.baseline == RAW_HAR else _folded(board.baseline).strip()
    heads = [
        "\nforecast",
        "\nQLIKE ",
        "\nexcess",
        f"vs {baseline}\n%",
        f"DM t vs\n{baseline}",
        *(["DM t vs\nbest naive"] if board.baseline != board.best_naive else []),
        "MCS\np ",
    ]
    table = new_table(console, heads)
    best = min(score.qlike for score in board.models.values())
    for name, score in board.models.items():
        in_set = "+" if score.in_set else " "
        table.add_row(
            escape(name),
            marked(number(score.qlike, 4), score.qlike, best),
            number(score.excess_qlike, 4),
            NOTHING if name == board.baseline else number(score.vs_har_pct, 1, sign=True),
            number(score.dm_har.t, 1, sign=True),
            *([number(score.dm_best.t, 1, sign=True)] if board.baseline != board.best_naive else []),
            number(score.mcs_p, 3) + in_set,
        )
    return table


def fit_table(console: Console, evaluation: Evaluation) -> Table:
    """Return robust QLIKE, MSE, R2 and Mincer-Zarnowitz."""
    models = evaluation.board.models
    table = new_table(
        console, ["forecast", "QLIKE 99%", "MSE ", "R2 vol ", "R2 log ", "MZ a", "MZ b", "MZ p"]
    )
    for name, score in models.items():
        table.add_row(
            escape(name),
            number(score.qlike_99, 4),
            marked(scientific(score.mse), score.mse, min(other.mse for other in models.values())),
            marked(number(score.r2_vol, 3), score.r2_vol, max(other.r2_vol for other in models.values())),
            marked(number(score.r2_log, 3), score.r2_log, max(other.r2_log for other in models.values())),
            number(score.mz.constant, 3, sign=True),
            number(score.mz.slope, 3),
            number(score.mz.p_value, 3),
        )
    return table


def cut_table(console: Console, evaluation: Evaluation) -> Table:
    """Return QLIKE of the models that the page draws, by cut and group."""
    names = list(drawn_models(evaluation))
    table = new_table(console, ["cut", "group", "buckets", *(_folded(name) for name in names)], texts=2)
    previous = ""
    for row in evaluation.cuts:
        best = min(row.qlike[name] for name in names)
        losses = (marked(number(row.qlike[name], 4), row.qlike[name], best) for name in names)
        table.add_row("" if row.cut == previous else row.cut, row.group, f"{row.buckets:,}", *losses)
        previous = row.cut
    return table


def news_table(console: Console, study: NewsStudy) -> Table:
    """Return the news, its variants and its placebos."""
    table = new_table(console, ["news", "what", "QLIKE", "gain %", "DM t"], texts=2)
    table.add_row("none", f"{escape(study.base)} alone", number(study.base_qlike, 4), NOTHING, NOTHING)
    for trial in study.trials:
        table.add_row(
            trial.name,
            f"{'' if trial.role in ('real', 'variant') else 'placebo: '}{trial.what}",
            number(trial.qlike, 4),
            number(trial.gain_pct, 1, sign=True),
            number(trial.dm_t, 1, sign=True),
        )
    if draws := study.shuffled_qlike:
        mean = sum(draws) / len(draws)
        table.add_row(
            "shuffled",
            f"placebo: days drawn anew, mean of {len(draws)} draws",
            number(mean, 4),
            number(100 * (1 - mean / study.base_qlike), 1, sign=True),
            NOTHING,
        )
    return table


def print_sweep(console: Console, result: SweepResult) -> None:
    """Print the best trials on the validation span, and the chosen one on the test span."""
    ranked = result.ranked
    table = new_table(console, ["settings", "validation QLIKE"])
    for trial in ranked[:SHOWN_TRIALS]:
        table.add_row(escape(settings_words(trial.settings)), number(trial.qlike, 4))
    count = f"{len(ranked)} trials on {result.validation_buckets:,} validation buckets before the test span"
    print_table(console, f"{count}; the best {min(SHOWN_TRIALS, len(ranked))}", table)
    rival = "raw HAR" if result.baseline == RAW_HAR else result.baseline
    middle, last = ranked[len(ranked) // 2].qlike, ranked[-1].qlike
    gain = 100 * (1 - result.test["qlike"] / result.har_qlike)
    print_lines(
        console,
        [
            f"Best {number(ranked[0].qlike, 4)}, median {number(middle, 4)}, worst {number(last, 4)}.",
            "",
            *_prior_lines(result.prior),
            f"Chosen on validation only: {settings_words(result.chosen.settings)}",
            f"Test span ({result.span.rule}, {result.test_buckets:,} buckets), scored once: QLIKE "
            f"{number(result.test['qlike'], 4)}, R2 vol {number(result.test['r2_vol'], 3)}; "
            f"{number(gain, 1, sign=True)}% against {rival} "
            f"(DM t {number(result.dm_har.t, 1, sign=True)})",
        ],
    )


def _prior_lines(prior: PriorPart | None) -> list[str]:
    if prior is None:
        return []
    return [f"Prior: {prior_words(prior)}", *([hindsight_words(prior)] if prior.hindsight else [])]


def _folded(name: str) -> str:
    """Break a long name at a hyphen or colon, so that a column of numbers is no wider than it must be."""
    if len(name) <= 12:
        return f"\n{name} "
    cut = max(name.rfind("-", 0, 13), name.rfind(":", 0, 13)) + 1
    return f"{name[:cut]}\n{name[cut:]} " if cut else name
