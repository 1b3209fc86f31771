"""The top and the bottom of the page: what is shown, the numbers that matter, what the run is made of."""

from collections.abc import Mapping
from typing import Any

from newsvol.replays.report.markup import text
from newsvol.replays.report.wording import (
    NOTHING,
    TICK_WORDS,
    beyond_chance,
    day,
    gap_notices,
    milliseconds,
    number,
    pairs,
    recording_lines,
    source_notices,
    source_warnings,
)
from newsvol.replays.runs.reader import Run
from newsvol.replays.runs.schema import Metrics


def lede(run: Run) -> str:
    """Return one sentence on what was replayed and how its latency was charged."""
    span = run.metrics.span
    latency, _, argument = run.manifest.latency.partition(":")
    charged = {
        "zero": "with no model time charged: a bound, since no model answers at once",
        "constant": f"charging the simulated clock {argument} ms for every model tick",
        "recorded": "charging the simulated clock what an earlier run measured",
    }.get(latency, "charging the simulated clock what each model really took")
    return text(
        f"{span.bars:,} bars and {span.headlines:,} headlines of {run.manifest.tape.instrument} in "
        f"{span.sessions:,} sessions, {day(span.first_ns)} to {day(span.last_ns)}, replayed in the order in "
        f"which they could be known, {charged}."
    )


def notices(run: Run) -> str:
    """Return what a reader must know before any number; empty for whole, real data and nothing forced."""
    told = []
    if run.manifest.tape.synthetic:
        told.append(
            '<p class="notice"><strong>Synthetic market.</strong> Prices and headlines were made up by a '
            "seeded generator: the numbers below show how the machinery behaves, and nothing about a real "
            "market.</p>"
        )
    warnings = [*gap_notices(run.metrics.span), *source_warnings(run.metrics.forecast)]
    told += [f'<p class="notice">{text(sentence)}.</p>' for sentence in warnings]
    if run.manifest.recording is not None and run.manifest.recording.forced:
        told.append(
            '<p class="notice"><strong>Forced recording.</strong> Scores and times were recorded of '
            f"something else: {text('; '.join(run.manifest.recording.forced))}.</p>"
        )
    return "".join(told)


def cards(run: Run) -> str:
    """Return the three numbers that matter, each beside what it must beat."""
    return "".join((_forecast_card(run.metrics), _strategy_card(run), _latency_card(run.metrics)))


def footer(run: Run) -> str:
    """Return where every number came from."""
    manifest = run.manifest
    facts: dict[str, object] = {
        "Run": manifest.run_id,
        "Tape": manifest.tape_hash,
        "Tape origin": _origin(manifest.tape.origin),
        "Recipe": manifest.recipe_hash,
        "Model": manifest.model_hash or NOTHING,
        "Recording": manifest.recording_hash or NOTHING,
        "Forecasts came of": "; ".join(["the tape", *source_notices(run.metrics.forecast)]),
        "Events file": manifest.events_hash or NOTHING,
        "Plug-ins": "; ".join(f"{what}: {owner}" for what, owner in manifest.plug_ins.items()) or NOTHING,
        "Seed": manifest.seed,
        "Latency": manifest.latency,
        "Fill model": manifest.fill,
        "Costs": pairs(manifest.costs),
        "Device": manifest.device,
        "Machine": pairs(manifest.machine),
        "Versions": pairs(manifest.versions),
        "Charged": "; ".join(recording_lines(manifest.recording)) or NOTHING,
    }
    rows = "".join(f"<dt>{text(key)}</dt><dd>{text(value)}</dd>" for key, value in facts.items())
    recipe = f"<details><summary>Recipe</summary><pre>{text(run.recipe_text)}</pre></details>"
    return f"<dl>{rows}</dl>{recipe}<p>All times are UTC.</p>"


def _origin(origin: Mapping[str, Any]) -> str:
    """Return each imported file with its conventions, or the parameters of a synthetic market."""
    files = origin.get("files")
    if not isinstance(files, list):
        return pairs(origin)
    told = (
        f"{file.get('file')} ({file.get('zone')}, bars stamped at their {file.get('stamp')})"
        if file.get("kind") == "bars"
        else f"{file.get('file')} ({file.get('zone')}, to the {file.get('stamp')})"
        for file in files
        if isinstance(file, dict)
    )
    return "; ".join(told) or NOTHING


def _card(title: str, value: str, against: list[str], tag: str = "", lost: bool = False) -> str:
    mark = f'<span class="tag {"lost" if lost else "won"}">{text(tag)}</span>' if tag else ""
    notes = "".join(f"<li>{text(line)}</li>" for line in against)
    number_line = f'<p class="value">{text(value)}{mark}</p>'
    return f'<div class="card"><h3>{text(title)}</h3>{number_line}<ul>{notes}</ul></div>'


def _forecast_card(metrics: Metrics) -> str:
    forecast = metrics.forecast
    naive, main, har = forecast.best("naive"), forecast.main, forecast.har
    if har is not None and forecast.models[main].qlike == forecast.models[har].qlike:
        main = har  # no news was let in: there is nothing that it could beat
    score = forecast.models[main]
    own = score.qlike
    contests = [
        (f"{role} ({name})", forecast.models[name].qlike, t)
        for role, name, t in (
            ("HAR", har, score.dm_t_vs_har),
            ("best naive", naive, score.dm_t_vs_naive),
        )
        if name is not None and name != main
    ]
    against = [f"{rival} {number(loss, 3)}" for rival, loss, _ in contests]
    lower = own is not None and all(loss is not None and own < loss for _, loss, _ in contests)
    beaten = lower and all(beyond_chance(t) for _, _, t in contests)
    tag = _contest_tag("its baselines", lower, beaten)
    return _card(f"QLIKE of {main}, lower is better", number(own, 3), against, tag, lost=not beaten)


def _contest_tag(rivals: str, ahead: bool, beaten: bool) -> str:
    if beaten:
        return f"beats {rivals}"
    return "not beyond chance" if ahead else f"does not beat {rivals}"


def _strategy_card(run: Run) -> str:
    metrics, fill = run.metrics, run.manifest.fill
    name, hold = metrics.main_strategy, metrics.buy_and_hold
    fills = metrics.strategies[name].fills
    own, rival = fills[fill].sharpe, metrics.strategies[hold].fills[fill].sharpe
    against = [f"{hold} {number(rival)}", f"worst fills {number(fills['worst'].sharpe)}"]
    if name == hold:
        return _card("Sharpe of buy and hold, after costs", number(own), ["the recipe has no other strategy"])
    higher = own is not None and rival is not None and own > rival
    beaten = higher and beyond_chance(fills[fill].sharpe_t_vs_hold)
    tag = _contest_tag("buy and hold", higher, beaten)
    return _card(f"Sharpe of {name}, after costs and latency", number(own), against, tag, lost=not beaten)


def _latency_card(metrics: Metrics) -> str:
    totals = {kind: stages["total"] for kind, stages in metrics.latency.by_kind() if stages["total"].count}
    if not totals:
        return _card("Latency", NOTHING, ["no tick reached a model"])
    shown = next(iter(totals))
    against = [
        f"{TICK_WORDS.get(kind, kind)} {milliseconds(spent.p50_ms)} / {milliseconds(spent.p99_ms)} ms"
        for kind, spent in totals.items()
        if kind != shown
    ]
    own = f"{milliseconds(totals[shown].p50_ms)} / {milliseconds(totals[shown].p99_ms)} ms"
    return _card(f"Latency of a {TICK_WORDS.get(shown, shown)}, p50 / p99", own, against)
