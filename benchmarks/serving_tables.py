"""Tables of how the sentiment model is served; `readme.py` puts them into documents."""

from typing import Any


def speed(result: dict[str, Any]) -> str:
    """Return latency and throughput on one core, as times and as ratios to BERT-base in the same run.

    On all cores a run beside other work says more about that work: those figures stay in the results file.
    """
    lines = [
        "| one core | p50 | p95 | p99 | speed-up, p50 | headlines/s, batches of 32 | speed-up, batches |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in result["one_core"].items():
        if name != "cores":
            times = " | ".join(f"{row[key]:.2f} ms" for key in ("p50_ms", "p95_ms", "p99_ms"))
            batched = f"{row['headlines_per_second']:,.0f} | {row['throughput_speedup']:.1f}"
            lines.append(f"| {name} | {times} | {row['p50_speedup']:.1f} | {batched} |")
    about = result["machine"]
    ratio = result["one_core"]["student"]["p50_ms"] / result["one_core"]["student-int8"]["p50_ms"]
    made = (
        f"By the median, student-int8 is {ratio:.1f} times as fast as student. Measured on "
        f"{result['headlines']} Reuters headlines of {result['pieces_per_headline']} pieces on average, "
        f"{result['rounds']} rounds; speed-up against BERT-base; one of {about['cores']} cores of "
        f"{about['processor']} (`{result['command']}`)."
    )
    return "\n".join([*lines, "", made])


def int8(result: dict[str, Any]) -> str:
    """Return INT8 beside FP32 and the baselines: the held-out scores, and the agreement on every sentence."""
    lines = ["| held-out split | accuracy | 95% | macro-F1 | 95% | ECE |", "|---|---|---|---|---|---|"]
    for name, row in result["held_out"]["models"].items():
        cells = [name]
        for measure in ("accuracy", "macro_f1"):
            low, high = row[f"{measure}_interval"]
            cells += [f"{row[measure]:.3f}", f"{low:.3f}-{high:.3f}"]
        cells.append(f"{row['ece']:.3f}" if "ece" in row else "")
        lines.append(f"| {' | '.join(cells)} |")
    against, use = dict(result["int8"]["against_fp32"]), result["int8"]["first_use"]
    sentences = against.pop("sentences")
    told = "; ".join(
        f"{name} agrees with FP32 on {row['agreement']:.2%} of labels and changes "
        f"{row['polarity_flips']:.3%} between negative and positive"
        for name, row in against.items()
    )
    said = (
        f"On all {sentences:,} PhraseBank sentences, {told}. The INT8 file has {use['bytes'] / 1e6:.1f} MB; "
        f"it is made in {use['made_s']:.2f} s and read back in {use['read_s']:.2f} s."
    )
    return "\n".join([*lines, "", said])


def start(result: dict[str, Any]) -> str:
    """Return cold start and bulk scoring."""
    lines = ["| | process start to first answer (fastest) | CPU time | peak memory |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {row['wall_s']:.2f} s ({row['least_wall_s']:.2f}) | {row['cpu_s']:.2f} s | "
        f"{row['peak_mib']} MiB |"
        for name, row in result["cold_start"].items()
    ]
    bulk = result["bulk"]
    said = (
        f"In bulk, `newsvol sentiment score --file` with {bulk['workers']} workers and {bulk['model']} "
        f"scored {bulk['headlines']:,} headlines at {bulk['headlines_per_second']:,} a second, start-up "
        f"included. All its processes together took {bulk['peak_mib']} MiB."
    )
    return "\n".join([*lines, "", said])
