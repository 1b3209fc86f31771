"""Rewrites tests/models/serving/golden_logits.json, on purpose: the shipped student on twenty sentences.

python tests/support/golden_logits.py
"""

import json
from pathlib import Path

from newsvol.models.serving.scorer import load_scorer

FILE = Path(__file__).parents[1] / "models" / "serving" / "golden_logits.json"

SENTENCES = (
    "Operating profit rose to EUR 13.1 mn from EUR 8.7 mn in the corresponding period in 2007",
    "Company beats earnings estimates and raises full-year guidance",
    "Shares surge to record high after strong quarterly results",
    "Net sales increased by 12% and the order book grew",
    "Company cuts its outlook and warns of lower profit; shares plunge",
    "Operating loss widened to EUR 4.5 mn from EUR 1.2 mn a year earlier",
    "Net sales decreased by 18% and the company will lay off 300 employees",
    "Shares tumble as bank reports a big quarterly loss",
    "The company is headquartered in Helsinki and has offices in twelve countries",
    "The annual general meeting will be held on 5 April",
    "The value of the contract was not disclosed",
    "Fed raises interest rates by 75 basis points",
    "Oil prices climb as OPEC agrees to cut output",
    "Tesla recalls 1 million vehicles over window software",
    "Apple announces date of its annual developer conference",
    "$AAPL upgraded to buy at Goldman Sachs",
    "Bank of America profit misses estimates on higher provisions",
    "Ünïcode, emoji 😀 and ALL CAPS: PROFIT WARNING",
    "",
    "The board proposes a dividend of EUR 0.50 per share, " * 12,
)


def main() -> None:
    """Write the logits of FP32 in torch and of INT8, and the hashes of the models that said them."""
    fp32, int8 = load_scorer("student", "cpu", "torch"), load_scorer("student-int8", "cpu")
    content = {
        "fp32_model": fp32.model_hash,
        "int8_model": int8.model_hash,
        "sentences": [
            {"text": text, "fp32": [round(x, 5) for x in left], "int8": [round(x, 5) for x in right]}
            for text, left, right in zip(
                SENTENCES, fp32.logits(SENTENCES).tolist(), int8.logits(SENTENCES).tolist(), strict=True
            )
        ],
    }
    FILE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
