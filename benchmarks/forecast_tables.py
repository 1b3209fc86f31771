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
