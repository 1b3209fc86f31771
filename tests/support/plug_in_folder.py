"""Plug-ins of users, as a folder that Python finds on its path."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsvol.replays.audit.audit import Request
from newsvol.replays.simulation.recipe import recipe_content

LEAKS = Path(__file__).parents[1] / "leaks"


@dataclass(frozen=True)
class Leak:
    """A plug-in that knows what it should not."""

    folder: Path
    name: str
    kind: str
    what: str

    @property
    def part(self) -> str:
        """As findings call it."""
        return f"{self.kind} {self.name}"


def leaks() -> list[Leak]:
    """Return the leaking plug-ins of both authors."""
    return [
        Leak(file.parent, entry["name"], entry["kind"], entry["what"])
        for file in sorted(LEAKS.glob("*/leaks.toml"))
        for entry in tomllib.loads(file.read_text())["leak"]
    ]


def write_plug_in(folder: Path, source: str, **objects: str) -> Path:
    """Write a package ``mine`` with that source; `objects` are kind_name=object, as strategy_calm="Calm"."""
    (folder / "mine.py").write_text(source)
    about = folder / "mine-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    groups = {"strategy": "newsvol.strategies", "forecaster": "newsvol.forecasters"}
    lines: dict[str, list[str]] = {group: [] for group in groups.values()}
    for key, thing in objects.items():
        kind, _, name = key.partition("_")
        lines[groups[kind]].append(f"{name} = mine:{thing}")
    text = "".join("\n".join([f"[{group}]", *entries, ""]) for group, entries in lines.items())
    (about / "entry_points.txt").write_text(text)
    return folder


def request_of(kind: str, name: str, changes: Mapping[str, Any] | None = None, **settings: Any) -> Request:
    """Ask for an audit of the shipped recipe with that one plug-in."""
    chosen = (
        {"strategies": [{"name": name}]}
        if kind == "strategy"
        else {"strategies": [{"name": "vol_target"}], "volatility.forecaster": name}
    )
    content, where, folder = recipe_content(None, {**chosen, **(changes or {})})
    return Request(content, where, folder, **settings)
