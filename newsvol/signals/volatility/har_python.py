"""Walk-forward HAR in plain NumPy: the twin that the kernel is tested against."""

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.signals.volatility.har import Evidence, HarConfig
from newsvol.signals.volatility.har_nb import MAX_BEYOND, MAX_NEWTON_STEPS, MAX_RATIO


def walk_forward_python(  # noqa: PLR0912 - the kernel's cases, one after the other
    x: FloatArray,
    config: HarConfig,
    extra: FloatArray | None = None,
    extra_ridge: tuple[float, ...] = (),
    prior: Evidence | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return forecast and smearing of every row, as `har.HarState.run` does.

    A least-squares fit from scratch at every row; a QLIKE fit moves on by one step a row. Missing rows are
    not fitted on, and means skip them.
    """
    n = len(x)
    beside = np.empty((n, 0)) if extra is None else extra
    design = np.column_stack([np.ones(n), _lag_means(x, config.lags, prior is not None), beside])
    ridge = np.zeros(design.shape[1])
    ridge[len(ridge) - len(extra_ridge) :] = extra_ridge
    nothing = Evidence(0.0, np.zeros((len(ridge), len(ridge) + 1)), 0.0, 0.0)
    believed = nothing if prior is None else prior
    held = np.column_stack([np.diag(ridge), np.zeros(len(ridge))]) + believed.moments
    errors_of_prior, error_sum = believed.smearing_rows, believed.smearing_rows * believed.smearing
    known: BoolArray = np.asarray(np.isfinite(design).all(axis=1))
    usable: BoolArray = known & np.isfinite(x)
    weight = np.ones(n)
    if config.fit == "wls":
        weight[known] = design[known, 1 : 1 + len(config.lags)].mean(axis=1) ** -2
    forecast, smearing, ratio = (np.full(n, np.nan) for _ in range(3))
    beta = np.full(design.shape[1], np.nan)
    smears = config.is_log and config.fit != "qlike"
    for b in range(n):
        rows = np.flatnonzero(usable[:b])[-config.window :]
        if len(rows) < config.min_window:
            continue
        is_first = np.isnan(beta).any()
        if config.fit == "qlike" and not is_first and usable[b - 1]:
            beta = beta + _scoring_step(x, design, rows, rows[-1:], beta, ridge)
        if not known[b]:
            continue
        past = x[rows]
        if config.fit != "qlike" or is_first:
            beta = _least_squares(design[rows], past, weight[rows], held)
        if is_first and config.fit == "qlike":
            for _ in range(MAX_NEWTON_STEPS):
                step = _scoring_step(x, design, rows, rows, beta, ridge)
                beta = beta + step
                if np.abs(step).max() < 1e-13:
                    break
        if smears and np.isnan(smearing[:b]).all():
            ratio[rows] = np.exp(past - design[rows] @ beta)
        fitted = design[b] @ beta
        beyond = MAX_BEYOND * believed.rows / (believed.rows + len(rows))
        least, greatest = past.min() - beyond, past.max() + beyond
        if config.fit == "qlike" or prior is not None:
            forecast[b] = np.clip(fitted, least, greatest)
        else:
            forecast[b] = fitted if least <= fitted <= greatest else np.nanmean(x[rows[0] : b])
        errors = ratio[rows[0] : b]
        smeared = (error_sum + np.nansum(errors)) / (errors_of_prior + np.isfinite(errors).sum() or 1.0)
        smearing[b] = smeared if smears else 1.0
        if smears:
            ratio[b] = np.exp(x[b] - forecast[b])
    return forecast, smearing


def _least_squares(
    design: FloatArray, target: FloatArray, weight: FloatArray, held: FloatArray
) -> FloatArray:
    # what is believed is so many rows more: those whose X'X and X'y are `held`
    values, vectors = np.linalg.eigh(held[:, :-1])
    values, vectors = values[values > 0], vectors[:, values > 0]
    believed = (vectors * np.sqrt(values)).T
    said = (vectors / np.sqrt(values)).T @ held[:, -1]
    root = np.sqrt(weight)[:, None]
    design = np.vstack([design * root, believed])
    target = np.concatenate([target * root[:, 0], said])
    # a variance is a millionth of the constant beside it: least squares wants columns of one size
    size = np.linalg.norm(design, axis=0)
    size[size == 0] = 1.0
    return np.asarray(np.linalg.lstsq(design / size, target, rcond=None)[0] / size)


def _scoring_step(
    x: FloatArray, design: FloatArray, rows: IntArray, scored: IntArray, beta: FloatArray, ridge: FloatArray
) -> FloatArray:
    curvature = design[rows].T @ design[rows] + np.diag(ridge)
    score = np.minimum(np.exp(x[scored] - design[scored] @ beta), MAX_RATIO) - 1.0
    # of a column that is empty in the window nothing is known: it stays where it is
    seen = np.diag(curvature) > 0
    step = np.zeros(len(beta))
    step[seen] = np.linalg.solve(curvature[np.ix_(seen, seen)], (design[scored].T @ score)[seen])
    return step


def _lag_means(x: FloatArray, lags: tuple[int, ...], partial: bool) -> FloatArray:
    """Return the mean of the known values in each lag, shape (B, L); where none is, the next longer mean.

    With `partial` a mean takes what there is since the first known value; without, it waits for the lag.
    """
    means = np.full((len(x), len(lags)), np.nan)
    start = int(np.argmax(np.isfinite(x))) if np.isfinite(x).any() else len(x)
    for j in reversed(range(len(lags))):
        for b in range(start + (1 if partial else lags[j]), len(x)):
            window = x[max(b - lags[j], 0) : b]
            if np.isfinite(window).any():
                means[b, j] = np.nanmean(window)
            elif j + 1 < len(lags):
                means[b, j] = means[b, j + 1]
    return means
