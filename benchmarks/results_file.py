"""Results files: printed, and written where a README quotes them from."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def publish(result: Mapping[str, Any], out: Path | None) -> None:
    """Print `result` as JSON, and write it to `out` where there is one."""
    text = json.dumps(result, indent=1) + "\n"
    if out is not None:
        out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
