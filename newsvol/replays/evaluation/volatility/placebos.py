"""Placebos: news that cannot help, beside the news that is said to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, BoolArray, FloatArray, IntArray
from newsvol.replays.evaluation.statistics import SIGNIFICANT_T, diebold_mariano
from newsvol.replays.evaluation.volatility.forecasts import News, fuse
from newsvol.replays.simulation.recipe import Recipe
from newsvol.signals.news.features import CHANNELS
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.losses import qlike

SHUFFLES = 99
_DAYS_A_WEEK = 7


@dataclass(frozen=True)
class NewsTrial:
    """The log-linear fusion on one version of the news.

    Attributes
    ----------
    name : str
    what : str
        In words.
    role : {"real", "variant", "placebo", "look-ahead"}
    qlike : float
    gain_pct : float
        100 (1 - qlike / qlike of HAR alone); positive is better.
    dm_t : float
        Diebold-Mariano t against HAR alone; NaN where the fusion never moved it.
    """

    name: str
    what: str
    role: str
    qlike: float
    gain_pct: float
    dm_t: float


@dataclass(frozen=True)
class NewsStudy:
    """Real news beside its placebos.

    Attributes
    ----------
    base : str
        The forecaster that the news is added to; `base_qlike` is its QLIKE alone.
    trials : tuple of NewsTrial
    shuffled_qlike : tuple of float
        One for each draw of the shuffled placebo.
    shuffle_p_value : float
        Share of draws at least as good as the real news, itself counted: 1 / (draws + 1) at best.
    """

    base: str
    base_qlike: float
    trials: tuple[NewsTrial, ...]
    shuffled_qlike: tuple[float, ...]
    shuffle_p_value: float

    @property
    def real(self) -> NewsTrial:
        """The news as it was."""
        return next(trial for trial in self.trials if trial.role == "real")

    @property
    def pays(self) -> bool:
        """Whether the real news beats HAR alone (DM, 5%), 95% of its shuffles, and every placebo."""
        placebos = [trial.qlike for trial in self.trials if trial.role == "placebo"]
        beats = all(self.real.qlike < loss for loss in placebos)
        return beats and self.real.dm_t > SIGNIFICANT_T and self.shuffle_p_value <= 0.05


@dataclass(frozen=True)
class NewsComparison:
    """Scores a version of the news: the recipe's fusion over the whole history, QLIKE on `rows`."""

    recipe: Recipe
    history: VolHistory
    base: FloatArray
    rows: BoolArray
    lag: int

    def loss(self, news: News, counts_only: bool = False) -> FloatArray:
        """Return the QLIKE of each scored bucket."""
        features = news.features(self.history.buckets.open_ns, self.recipe.fusion.half_lives_hours)
        if counts_only:
            features = features[:, CHANNELS.index("count") :: len(CHANNELS)]
        fused = fuse(self.recipe, self.history, self.base, features, gated=False)
        return qlike(self.history.measures.rv[self.rows], fused[self.rows])

    def trial(self, name: str, what: str, role: str, loss: FloatArray) -> NewsTrial:
        """Compare `loss` with HAR alone."""
        alone = qlike(self.history.measures.rv[self.rows], self.base[self.rows])
        test = diebold_mariano(alone, loss, self.lag)
        gain = 100 * (1 - loss.mean() / alone.mean())
        return NewsTrial(name, what, role, float(loss.mean()), float(gain), test.t)


def study_news(
    judge: NewsComparison,
    base_name: str,
    news: News,
    novelty: FloatArray,
    relevance: FloatArray,
    shuffles: int = SHUFFLES,
    on_shuffle: Callable[[int], None] = lambda _done: None,
) -> NewsStudy:
    """Run the real news, its variants and its placebos through the same walk-forward fusion.

    Parameters
    ----------
    novelty, relevance : FloatArray, shape (N,)
        Weights of the headlines in the two variants.
    """
    real = judge.loss(news)
    trials = [judge.trial("real", "the headlines as they came", "real", real)]
    for name, what, role, version, counts_only in _versions(news, novelty, relevance):
        trials.append(judge.trial(name, what, role, judge.loss(version, counts_only)))
    rng = np.random.default_rng(judge.recipe.seed)
    drawn = []
    for done in range(shuffles):
        shuffled = replace(news, available_ns=shuffle_days(news.available_ns, rng))
        drawn.append(float(judge.loss(shuffled).mean()))
        on_shuffle(done + 1)
    base_qlike = float(qlike(judge.history.measures.rv[judge.rows], judge.base[judge.rows]).mean())
    as_good = sum(value <= float(real.mean()) for value in drawn)
    return NewsStudy(base_name, base_qlike, tuple(trials), tuple(drawn), (1 + as_good) / (1 + len(drawn)))


def shuffle_days(stamps_ns: IntArray, rng: np.random.Generator) -> IntArray:
    """Move the headlines of each day, together, to another day of the same weekday, shape (N,).

    Time of day, weekday and bursts stay; which day it was is lost, and with it all that news can tell.
    """
    day = stamps_ns // NS_PER_DAY
    first, last = int(day.min()), int(day.max())
    moved_to = np.arange(first, last + 1)
    for weekday in range(min(_DAYS_A_WEEK, len(moved_to))):
        moved_to[weekday::_DAYS_A_WEEK] = rng.permutation(moved_to[weekday::_DAYS_A_WEEK])
    return np.asarray(moved_to[day - first] * NS_PER_DAY + stamps_ns % NS_PER_DAY)


def _versions(
    news: News, novelty: FloatArray, relevance: FloatArray
) -> Iterator[tuple[str, str, str, News, bool]]:
    later, earlier = (
        replace(news, available_ns=news.available_ns + hours * NS_PER_HOUR) for hours in (1, -1)
    )
    yield (
        "novel",
        "near-duplicates within 24 hours count once",
        "variant",
        replace(news, weight=novelty),
        False,
    )
    yield (
        "relevant",
        "only those with a word about the market",
        "variant",
        replace(news, weight=relevance),
        False,
    )
    yield "count only", "that there was news, not what it said", "placebo", news, True
    yield "+1 hour", "every headline an hour late", "placebo", later, False
    yield "-1 hour", "an hour early: looks ahead, on purpose", "look-ahead", earlier, False
