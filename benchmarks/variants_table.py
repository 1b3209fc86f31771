"""The table of training variants: what each is, the simpler one it is compared with, and the result.

Rendering needs no torch: only `row` and `against`, which make the results file, do.
"""

from statistics import fmean
from typing import Any

ABOUT = {
    "full": "6 layers, labels only, all weights",
    "lora": "6 layers, labels only, low-rank adapters (r 16), merged",
    "labels": "4 layers of the start, labels only",
    "kd": "4 layers of the start, labels and the teachers' soft labels (vanilla, T = 2)",
    "kd_hidden_attention": "kd + hidden states and attention of layers 0, 1, 3, 5 of `full`",
    "kd_relations": "kd + query, key and value relations of layers 0, 1, 3, 5 of `full`",
    "kd_scratch": "kd on random weights",
    "kd_longer": "kd trained for half as many steps more: the baseline of the compressed ones",
    "ptq_int8": "kd_longer, encoder rounded to INT8 after training",
    "qat_int8": "kd, the further steps with INT8 rounding in the loop, then rounded",
    "pruned_30": "kd without 30% of heads and inner neurons, the further steps as recovery",
    "pruned_50": "kd without 50% of heads and inner neurons, the further steps as recovery",
}
BESIDE = {
    "majority": "always the most frequent class",
    "tfidf_logistic": "TF-IDF with logistic regression",
    "teachers_together": "the three teachers' mean probabilities",
    "shipped_student": "the student that ships, on the full budget",
    "each_teacher": "one teacher",
    "shipped_recipe": "the shipped recipe, on the full budget",
}
AGAINST = {
    "lora": "full",
    "kd": "labels",
    "kd_hidden_attention": "kd",
    "kd_relations": "kd",
    "kd_scratch": "kd",
    "kd_longer": "kd",
    "ptq_int8": "kd_longer",
    "qat_int8": "ptq_int8",
    "pruned_30": "kd_longer",
    "pruned_50": "kd_longer",
}
"""The simpler variant that each one must beat, or come close to."""


def rows_of(results: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return a row per variant, in the order of `ABOUT`, from its results over seeds."""
    rows = {name: row(results[name]) for name in ABOUT if name in results}
    for name, simpler in AGAINST.items():
        if name in rows and simpler in rows:
            rows[name]["against"] = against(results[name], results[simpler], simpler)
    return rows


def row(over_seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one variant's row."""
    from newsvol.models.sentiment.results import mean_and_interval

    first = over_seeds[0]
    line: dict[str, Any] = {"what": ABOUT[first["variant"]], "seeds": [one["seed"] for one in over_seeds]}
    for part in ("validation", "test", "twitter"):
        scored = [one[part] for one in over_seeds if part in one]
        if scored:
            line[part] = {
                key: mean_and_interval([one[key] for one in scored]) for key in ("macro_f1", "accuracy")
            }
    line |= {key: first[key] for key in ("parameters", "bytes")}
    return line | {"seconds": round(fmean(one["seconds"] for one in over_seeds))}


def against(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], simpler: str) -> dict[str, Any]:
    """Return the test macro-F1 gained over the simpler variant, paired by seed."""
    from newsvol.models.sentiment.results import mean_and_interval

    score = {one["seed"]: one["test"]["macro_f1"] for one in theirs}
    gains = [one["test"]["macro_f1"] - score[one["seed"]] for one in ours if one["seed"] in score]
    gain = mean_and_interval(gains)
    low = gain["interval"][0] if gain["interval"] else None
    return {"simpler": simpler, "macro_f1_gain": gain, "beats_it": low is not None and low > 0}


def findings(rows: dict[str, Any]) -> list[str]:
    """Return a sentence for each comparison."""
    said = []
    for name, line in rows.items():
        if "against" in line:
            gain, simpler = line["against"]["macro_f1_gain"], line["against"]["simpler"]
            low, high = gain["interval"] or (float("nan"), float("nan"))
            verdict = "beats" if low > 0 else "is worse than" if high < 0 else "is within seed noise of"
            said.append(f"{name} {verdict} {simpler}: {gain['mean']:+.4f} ({low:+.4f} to {high:+.4f})")
    return said


def markdown(result: dict[str, Any]) -> str:
    """Return the table of the documents."""

    def cell(score: dict[str, Any]) -> str:
        low, high = score["interval"] or (None, None)
        return f"{score['mean']:.3f}" + (f" ({low:.3f}-{high:.3f})" if low is not None else "")

    lines = [
        "| variant | what it is | seeds | macro-F1 | accuracy | parameters | MB | macro-F1 gain over |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, line in result["beside"].items():
        if "seeds" in line:
            scores = " | ".join(cell(line[key]) for key in ("macro_f1", "accuracy"))
            lines.append(f"| {name} | {BESIDE[name]} | {len(line['seeds'])} | {scores} | | | |")
        else:
            scores = " | ".join(f"{line[key]:.3f}" for key in ("macro_f1", "accuracy"))
            lines.append(f"| {name} | {BESIDE[name]} | | {scores} | | | |")
    for name, line in result["variants"].items():
        gain = ""
        if "against" in line:
            one = line["against"]["macro_f1_gain"]
            ends = " ({:+.3f} to {:+.3f})".format(*one["interval"]) if one["interval"] else ""
            gain = f"{line['against']['simpler']}: {one['mean']:+.3f}{ends}"
        scores = " | ".join(cell(line["test"][key]) for key in ("macro_f1", "accuracy"))
        size = f"{line['parameters'] / 1e6:.1f}M | {line['bytes'] / 1e6:.1f}"
        lines.append(f"| {name} | {ABOUT[name]} | {len(line['seeds'])} | {scores} | {size} | {gain} |")
    return "\n".join(lines)
