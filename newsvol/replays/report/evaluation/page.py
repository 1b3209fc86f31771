"""The evaluation as one self-contained page, made of the report's pieces."""

from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.replays.evaluation.volatility.placebos import NewsStudy
from newsvol.replays.report.evaluation.pictures import (
    calibration_figure,
    cumulative_figure,
    cut_figures,
    drawn_models,
    forecast_figures,
)
from newsvol.replays.report.evaluation.verdicts import (
    band_sentence,
    model_verdicts,
    news_verdicts,
    source_sentences,
    span_sentence,
)
from newsvol.replays.report.markup import Html, Row, Section, figure, table, text, verdicts
from newsvol.replays.report.page import Page, assemble_page
from newsvol.replays.report.wording import number, scientific


def render_page(evaluation: Evaluation) -> str:
    """Return the page: no address in it leads anywhere, and the same evaluation gives the same bytes."""
    sections = [
        _accuracy(evaluation),
        _forecasts(evaluation),
        _cumulative(evaluation),
        _cuts(evaluation),
        _calibration(evaluation),
    ]
    if evaluation.news is not None:
        sections.insert(1, _news(evaluation.news))
    instrument = evaluation.tape.info.instrument
    return assemble_page(
        Page(
            title=f"{instrument} - volatility forecasts",
            over="newsvol vol evaluate",
            instrument=instrument,
            name="Volatility forecasts, evaluated",
            lede=text(span_sentence(evaluation)),
            notices=_notices(evaluation),
            cards="",
            sections=tuple(sections),
            footer=_footer(evaluation),
        )
    )


def _notices(evaluation: Evaluation) -> str:
    sentences = [*evaluation.board.notes, *source_sentences(evaluation)]
    if evaluation.tape.info.synthetic:
        sentences.append("The market of this tape is made up: no number here is about a real one.")
    sentences += [f"Left out: {', '.join(names)}: {why}" for why, names in evaluation.lineup.reasons.items()]
    return "".join(f'<p class="notice">{text(sentence)}</p>' for sentence in sentences)


def _accuracy(evaluation: Evaluation) -> Section:
    board = evaluation.board
    rows = []
    for name, score in board.models.items():
        # the best of each column that has one
        best = {
            place
            for place, key, better in (
                (1, "qlike", min), (2, "excess_qlike", min), (7, "mse", min), (8, "r2_vol", max),
                (9, "r2_log", max),
            )
            if getattr(score, key) == better(getattr(other, key) for other in board.models.values())
        }  # fmt: skip
        in_set = "" if score.in_set is None else " ✓" if score.in_set else ""
        rows.append(
            Row(
                [
                    Html(f'{text(name)} <span class="kind">{text(score.kind)}</span>'),
                    number(score.qlike, 4),
                    number(score.excess_qlike, 4),
                    "-" if name == board.baseline else number(score.vs_har_pct, 1, sign=True) + "%",
                    number(score.dm_har.t, 1, sign=True),
                    number(score.dm_best.t, 1, sign=True),
                    number(score.mcs_p, 3) + in_set,
                    scientific(score.mse),
                    number(score.r2_vol, 3),
                    number(score.r2_log, 3),
                    f"{number(score.mz.constant, 2, sign=True)} / {number(score.mz.slope, 2)}",
                    number(score.mz.p_value, 3),
                ],
                muted=score.kind == "naive",
                best=frozenset(best),
            )
        )
    head = [
        *("Forecast", "QLIKE", "excess", f"against {board.baseline}", f"DM t, {board.baseline}"),
        *(f"DM t, {board.best_naive}", "MCS p"),
        *("MSE", "R² vol", "R² log", "MZ a / b", "MZ p"),
    ]
    caption = (
        f"Excess is QLIKE above {number(board.noise_floor, 4)}, what a perfect forecast would score against "
        f"noisy realized variance. DM: positive t is better than the rival (Newey-West, {board.lag} lags). "
        f"MCS: ✓ is in the 90% set (stationary bootstrap, blocks of {board.block}). "
        "MZ: RV = a + b f; unbiased is 0 / 1."
    )
    body = verdicts([*model_verdicts(evaluation), *band_sentence(evaluation)]) + table(head, rows, caption)
    return Section("accuracy", "Every model beside its baselines", body, {})


def _news(study: NewsStudy) -> Section:
    def row(name: str, what: str, muted: bool, *numbers: str) -> Row:
        label = Html(f'{text(name)} <span class="kind">{text(what)}</span>')
        return Row([label, *numbers], muted=muted)

    rows = [row("none", f"{study.base} alone", True, number(study.base_qlike, 4), "-", "-")]
    for trial in study.trials:
        shown = (number(trial.qlike, 4), number(trial.gain_pct, 1, sign=True) + "%")
        muted = trial.role in ("placebo", "look-ahead")
        what = f"placebo: {trial.what}" if muted else trial.what
        rows.append(row(trial.name, what, muted, *shown, number(trial.dm_t, 1, sign=True)))
    if draws := sorted(study.shuffled_qlike):
        what = f"placebo: days drawn anew within their weekday, {len(draws)} times"
        span = f"{number(draws[0], 4)} to {number(draws[-1], 4)}"
        rows.append(row("shuffled", what, True, span, "", ""))
    caption = (
        "Log-linear fusion, without the gate that keeps out news that does not pay; the gain in QLIKE and "
        "its DM t are against the forecaster alone."
    )
    body = verdicts(news_verdicts(study)) + table(["News", "QLIKE", "gain", "DM t"], rows, caption)
    return Section("news", "News beside its placebos", body, {})


def _forecasts(evaluation: Evaluation) -> Section:
    views = [("per session, annualised", "volatility"), ("per bucket, bps", "volatility-buckets")]
    body = figure("volatility", "Forecast and realized volatility over time", 430, views)
    return Section("forecasts", "Forecast against realized volatility", body, forecast_figures(evaluation))


def _cumulative(evaluation: Evaluation) -> Section:
    body = (
        f"<p>QLIKE of {evaluation.board.baseline} minus that of each model, added up: a line that climbs "
        "steadily wins all the time, one that jumps won on a few days.</p>"
        + figure("cumulative", "Cumulative loss difference", 380)
    )
    return Section(
        "cumulative", "Where the advantage comes from", body, {"cumulative": cumulative_figure(evaluation)}
    )


def _cuts(evaluation: Evaluation) -> Section:
    drawn = cut_figures(evaluation)
    body = "".join(
        f"<h3>by {text(cut)}</h3>{figure(name, f'QLIKE by {cut}', 300)}"
        for cut, name in (
            (cut, f"cut-{cut.replace(' ', '-')}") for cut in dict.fromkeys(row.cut for row in evaluation.cuts)
        )
    )
    names = list(drawn_models(evaluation))
    rows = [
        Row([f"{row.cut}: {row.group}", f"{row.buckets:,}", *(number(row.qlike[name], 4) for name in names)])
        for row in evaluation.cuts
    ]
    caption = "Mean QLIKE; the groups of a cut add up to the whole."
    return Section(
        "cuts", "When it is right", body + table(["Group", "buckets", *names], rows, caption), drawn
    )


def _calibration(evaluation: Evaluation) -> Section:
    body = (
        "<p>Realized against forecast volatility of each bucket, logarithmic; on the line is unbiased. The "
        "steps are means of tenths of the buckets.</p>"
        + figure("calibration", "Realized against forecast volatility", 430)
    )
    return Section("calibration", "Calibration", body, {"calibration": calibration_figure(evaluation)})


def _footer(evaluation: Evaluation) -> str:
    facts = {
        "tape": evaluation.tape.content_hash(),
        "recipe": evaluation.recipe.recipe_hash(),
        "windows": f"{evaluation.recipe.volatility.window:,} buckets, first fit after "
        f"{evaluation.recipe.volatility.min_window:,}",
        "latency": "not charged here: a headline counts from its availability; newsvol replay charges it",
        "seed": str(evaluation.recipe.seed),
    }
    rows = "".join(f"<dt>{text(key)}</dt><dd>{text(value)}</dd>" for key, value in facts.items())
    return f"<dl>{rows}</dl>"
