"""Tables of the volatility forecasts; `readme.py` puts them into documents."""

from typing import Any

SELECTED = (
    "diurnal-ewma",
    "har",
    "log-har-p",
    "log-har-p-full",
    "log-har-p-events",
    "aggregate",
    "fused:log_linear",
)


def selected(result: dict[str, Any]) -> str:
    """Return the main forecasts on minutes, what the news adds, and the hours in two sentences."""
    minutes, hours = result["minutes"], result["hours"]
    real = next(trial for trial in minutes["news"]["trials"] if trial["name"] == "real")
    best, events = hours["models"]["har-blend"], hours["events"]
    about = result["machine"]
    lines = [
        _minutes_table(minutes, SELECTED),
        "",
        f"`log-har-p` with the news is {gain(real['gain_pct'])} than without (DM t {_t(real['dm_t'])}): on "
        f"this tape the news {'pays' if minutes['news']['pays'] else 'does not pay'}. "
        "`log-har-p-events` also knows the schedule of FOMC, CPI and NFP, `aggregate` combines five "
        "forecasters online, and `fused:log_linear` has the news through its gate.",
        "",
        f"SPY hours, 2006 to 2021 ({hours['buckets']:,} buckets, Garman-Klass, no calendar): `har-blend` "
        f"is {-best['vs_har_pct']:.1f}% below raw HAR in QLIKE (DM t {best['dm_har_t']:.1f}), and better in "
        f"{best['years_better']} of {hours['years']} years. From 2014 on, the Fed's schedule lowers its "
        f"QLIKE from {events['without_qlike']:.4f} to {events['with_qlike']:.4f} "
        f"(DM t {events['dm_t']:.1f}). `{result['command']}`; {about['cores']} cores of "
        f"{about['processor']}, {about['memory_gib']} GiB.",
    ]
    return "\n".join(lines)


def minutes(result: dict[str, Any]) -> str:
    """Return every forecast on minutes, the naive ones first and the fused ones last."""
    return _minutes_table(result["minutes"], result["minutes"]["models"])


def hours(result: dict[str, Any]) -> str:
    """Return every forecast on hours, and what the Fed's schedule adds."""
    hours = result["hours"]
    events = hours["events"]
    lines = ["| SPY hours | QLIKE | vs raw HAR | DM t vs HAR | years better |", "|---|---|---|---|---|"]
    for name, row in hours["models"].items():
        better = "-" if name == "har" else f"{row['years_better']} of {hours['years']}"
        scores = f"{row['qlike']:.4f} | {row['vs_har_pct']:+.1f}% | {_t(row['dm_har_t'])}"
        lines.append(f"| `{name}` | {scores} | {better} |")
    fewer = 100 * (1 - events["with_qlike"] / events["without_qlike"])
    below = 100 * (1 - events["with_qlike"] / events["har_qlike"])
    said = (
        f"From 2014 on ({events['buckets']:,} buckets), the schedule of {', '.join(events['names'])} lowers "
        f"the QLIKE of `har-blend` from {events['without_qlike']:.4f} to {events['with_qlike']:.4f}: by "
        f"{fewer:.1f}% (DM t {events['dm_t']:.1f}), to {below:.1f}% below raw `har`."
    )
    return "\n".join([*lines, "", said])


def short(result: dict[str, Any]) -> str:
    """Return forecasts with a prior on short tapes, thin ones, and one that needs none."""
    lines = [
        "| scored from the fourth session on | EWMA .94 | EWMA .7 | `log-har-p` | `aggregate` | "
        "against .94 | against .7 (DM t) |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in result["symbols"].items():
        lines.append(_short_row(f"{name}, 30 sessions", found["thirty"]))
    lines += [_short_row(f"{name}, its first 10", found["ten"]) for name, found in result["symbols"].items()]
    lines.append(_short_row("SPY 2024-25, every 10 (chose, cut otherwise)", result["spy_by_ten"]))
    lines.append(_short_row("SPY 2024-25, every 32 (chose)", result["chosen_on"]["spy pieces"]))
    lines.append(_short_row("AAPL hours, every 400 (chose; hindsight)", result["chosen_on"]["aapl pieces"]))
    thinned = [found["vs_naive_pct"] for found in result["thinned"]]
    worst = {name: max(found[name] for found in thinned) for name in ("log-har-p", "aggregate")}
    mean = {name: sum(found[name] for found in thinned) / len(thinned) for name in worst}
    worse = sum(found["aggregate"] > 10 for found in thinned)
    whole = result["whole"]
    change = {
        name: 100 * (row["last third"]["with"] / row["last third"]["without"] - 1)
        for name, row in whole.items()
    }
    about = result["machine"]
    lines += [
        "",
        f"Thin stocks ({len(thinned)} cases: a third to a thirtieth of the minutes of four stocks, prices "
        f"rounded to 5 or 25 cents): against the better naive forecast `aggregate` is "
        f"{mean['aggregate']:+.0f}% on average, worse by more than 10% in {worse}, and "
        f"{worst['aggregate']:+.0f}% in the worst, where one bucket decides; `log-har-p` is "
        f"{mean['log-har-p']:+.0f}% on average and {worst['log-har-p']:+.0f}% in its worst.",
        "",
        "On the last third of SPY's 288 sessions the prior changes "
        + ", ".join(f"`{name}` by {percent:+.1f}%" for name, percent in change.items())
        + f". `{result['command']}`; {about['cores']} cores of {about['processor']}, "
        f"{about['memory_gib']} GiB.",
    ]
    return "\n".join(lines)


def outliers(result: dict[str, Any]) -> str:
    """Return what a few buckets decide on hours, and what truncation does for bad prints on minutes."""
    lines = [
        "| hours, Garman-Klass | mean QLIKE | without the worst 0.1% | without the worst 1% | median | "
        "three buckets' share |",
        "|---|---|---|---|---|---|",
    ]
    for tape, found in result["hours"].items():
        for name, row in found["models"].items():
            parts = ("mean", "without_worst_thousandth", "without_worst_hundredth", "median")
            shown = " | ".join(f"{row[part]:.3f}" for part in parts)
            lines.append(f"| {tape}: `{name}` | {shown} | {100 * row['share_of_three']:.1f}% |")
    lines += ["", "| SPY minutes, forecasts made of | clean tape | with bad prints |", "|---|---|---|"]
    clean, spoilt = (result["minutes"][state] for state in ("clean", "spoilt"))
    for name, loss in clean.items():
        forecaster, _, measure = name.partition(" of ")
        lines.append(f"| `{measure}`: `{forecaster}` | {loss:.4f} | {spoilt[name]:.4f} |")
    about = result["machine"]
    lines += ["", f"`{result['command']}`; {about['cores']} cores of {about['processor']}."]
    return "\n".join(lines)


def _short_row(name: str, found: dict[str, Any]) -> str:
    losses = found["qlike"]
    shown = " | ".join(
        f"{losses[one]:.4f}" for one in (found["naive"], found["fast"], "log-har-p", "aggregate")
    )
    slow, fast = found["vs_naive_pct"]["aggregate"], found["vs_fast_pct"]["aggregate"]
    return f"| {name} | {shown} | {slow:+.0f}% | {fast:+.0f}% ({_t(found['dm_t_fast']['aggregate'])}) |"


def gain(percent: float) -> str:
    """Return a gain in words."""
    return f"{abs(percent):.1f}% {'better' if percent > 0 else 'worse'}"


def _minutes_table(found: dict[str, Any], names: Any) -> str:
    lines = [
        "| SPY minutes, last third | QLIKE | vs raw HAR | DM t vs HAR | DM t vs EWMA | R2 vol | in 90% MCS |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in names:
        row = found["models"][name]
        is_kept = "yes" if row["in_confidence_set"] else "no"
        lines.append(
            f"| `{name}` | {row['qlike']:.4f} | {row['vs_har_pct']:+.1f}% | {_t(row['dm_har']['t'])} | "
            f"{_t(row['dm_best']['t'])} | {row['r2_vol']:.3f} | {is_kept} |"
        )
    return "\n".join(lines)


def _t(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1f}"
