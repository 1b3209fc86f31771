"""Results files: asked for, printed, and written where a README quotes them from."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def parser(about: str | None, data: bool = True) -> argparse.ArgumentParser:
    """Return the options that benchmarks share: ``--out``, and ``--data`` where third-party data is read."""
    options = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    if data:
        options.add_argument("--data", type=Path, required=True, help="folder of third-party data")
    options.add_argument("--out", type=Path, help="results file (JSON)")
    return options


def publish(result: Mapping[str, Any], out: Path | None) -> None:
    """Print `result` as JSON, and write it to `out` where there is one."""
    text = json.dumps(result, indent=1) + "\n"
    if out is not None:
        out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
