"""What an evaluation says, in sentences that the terminal and the page share."""

from math import isfinite

from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.replays.evaluation.volatility.placebos import NewsStudy
from newsvol.replays.evaluation.volatility.sweep import Settings
from newsvol.replays.report.wording import (
    TRUNCATED,
    day,
    exogenous_words,
    hindsight_words,
    number,
    prior_words,
    qlike_verdict,
)

ERRATIC = 1.25
"""A model that loses this much more than the best and is not rejected owes it to a few huge losses."""


def span_sentence(evaluation: Evaluation) -> str:
    """Say which buckets were scored, and that they were chosen before looking."""
    buckets = evaluation.history.buckets.take(evaluation.rows)
    scored = f"{len(buckets):,} of {evaluation.span.end - evaluation.span.first:,} buckets"
    ends = f"{day(int(buckets.open_ns[0]))} to {day(int(buckets.close_ns[-1]))}"
    knows = evaluation.prior is not None and evaluation.prior.hindsight
    how = f"each forecast from the rows before it{', and a prior that knows later ones' if knows else ''}"
    return f"Test span: {evaluation.span.rule} of the tape, {ends}, {scored}; {how}."


def source_sentences(evaluation: Evaluation) -> list[str]:
    """Say which events and which prior the forecasts had, and where that is hindsight."""
    told = []
    if evaluation.history.proxy == "truncated_rv":
        told.append(f"Measure: {TRUNCATED}")
    if evaluation.schedule is not None:
        known = ", ".join(f"{count:,} {name}" for name, count in evaluation.planned.items())
        told.append(f"Scheduled events in the test span, for those that use them: {known}")
    if evaluation.exogenous is not None:
        told.append(f"Outside series, for the regressions in logs: {exogenous_words(evaluation.exogenous)}")
    if evaluation.prior is not None:
        told.append(f"Prior, shown for {evaluation.main}: {prior_words(evaluation.prior)}")
        if evaluation.prior.hindsight:
            told.append(hindsight_words(evaluation.prior))
    return told


def model_verdicts(evaluation: Evaluation) -> list[str]:
    """Say whether the recipe's forecaster and the best one beat raw HAR and the best naive forecast."""
    board = evaluation.board
    names = dict.fromkeys(name for name in (evaluation.main, board.best) if name in board.models)
    sentences = []
    for name in names:
        score = board.models[name]
        # the best of many is partly luck: the confidence set below allows for that, these tests do not
        picked = "" if name == evaluation.main else f", best of {len(board.models)} with hindsight"
        if name != board.baseline != board.best_naive:
            sentences.append(qlike_verdict(name, board.baseline, -score.vs_har_pct, score.dm_har.t) + picked)
        if name != board.best_naive:
            gain = 100 * (1 - score.qlike / board.models[board.best_naive].qlike)
            sentences.append(
                qlike_verdict(name, f"{board.best_naive} (best naive)", gain, score.dm_best.t) + picked
            )
    chosen = [name for name, score in board.models.items() if score.in_set]
    if chosen:
        sentences.append(f"90% Model Confidence Set: {', '.join(chosen)}")
    ceiling = ERRATIC * board.models[board.best].qlike
    if erratic := [name for name in chosen if board.models[name].qlike > ceiling]:
        sentences.append(
            f"in it NOT for being good, but for being too erratic to reject: {', '.join(erratic)}"
        )
    return sentences


def band_sentence(evaluation: Evaluation) -> list[str]:
    """Say how often the band around the recipe's forecaster held what was realized; nothing without one."""
    found = evaluation.coverage
    if found is None:
        return []
    shares = [100 * share for share in found.by_slot if isfinite(share)]
    return [
        f"The {number(100 * found.asked, 0)}% band around {evaluation.main} held "
        f"{number(100 * found.held, 1)}% of {found.buckets:,} buckets ({number(min(shares), 0)}% to "
        f"{number(max(shares), 0)}% by time of day); at the median it reaches from {number(found.below, 2)} "
        f"to {number(found.above, 2)} times the forecast variance"
    ]


def news_verdicts(study: NewsStudy) -> list[str]:
    """Say whether the news earned its place."""
    real = study.real
    draws = len(study.shuffled_qlike)
    as_good = round(study.shuffle_p_value * (draws + 1)) - 1
    change = f"{number(abs(real.gain_pct), 1)}% {'better' if real.gain_pct > 0 else 'worse'}"
    t = number(real.dm_t, 1, sign=True)
    pays = "pays" if study.pays else "does NOT pay"
    ahead = next(trial for trial in study.trials if trial.role == "look-ahead")
    seeming = f"{number(abs(ahead.gain_pct), 1)}% {'better' if ahead.gain_pct > 0 else 'worse'}"
    return [
        f"The news {pays} on this tape: with it {study.base} is {change} in QLIKE (DM t {t}), "
        f"and {as_good} of {draws} shuffles do at least as well",
        f"Stamped an hour early, which looks ahead, it would seem {seeming}: NOT a result",
    ]


def settings_words(settings: Settings) -> str:
    """Return settings as a few words."""
    base = f"{settings.forecaster}, window {settings.window:,}"
    if settings.ridge is None or settings.half_lives_hours is None:
        return f"{base}, no news"
    lives = ", ".join(f"{hours:g}" for hours in settings.half_lives_hours)
    return f"{base}, news of half-lives {lives} h, ridge {settings.ridge:g}"
