"""The command as a user meets it: in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "vectorbt", "pandas", "numba", "pyarrow", "onnxruntime", "plotly")


def newsvol(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "newsvol", *arguments], capture_output=True, text=True, cwd=cwd, check=False
    )


def test_help_imports_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; sys.argv = ['newsvol', '--help']\n"
        "from newsvol.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print('heavy:', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "heavy: []" in out


@pytest.mark.parametrize("command", ["replay", "tape", "audit", "runs", "sentiment"])
def test_every_command_is_listed_and_has_help_with_an_example(command: str) -> None:
    assert command in newsvol("--help").stdout
    shown = newsvol(command, "--help")
    assert shown.returncode == 0
    assert f"newsvol {command}" in shown.stdout.split("Usage", 1)[1].split("\n", 1)[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["repaly"], ["did you mean 'replay'"]),
        (["replay", "--tpae", "x"], ["--tpae", "--tape"]),
        (["replay", "gone.yaml"], ["gone.yaml", "cannot read recipe"]),
        (["replay", "--tape", "gone"], ["gone", "not a tape"]),
        (["replay", "--strategy", "vol_targt"], ["did you mean 'vol_target'"]),
        (["replay", "--latency", "mesured"], ["did you mean 'measured'"]),
        (["replay", "--latency", "recorded:gone"], ["gone", "no recorded service times"]),
        (["replay", "--latency", "zero", "--out", "/proc/run"], ["/proc/run", "cannot write"]),
        (["audit", "--tape", "gone"], ["gone", "not a tape"]),
        (["runs", "show", "gone"], ["gone"]),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    done = newsvol(*arguments, cwd=tmp_path)
    line = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


def test_the_recipe_can_be_printed_and_replayed_from(tmp_path: Path) -> None:
    printed = newsvol("replay", "--print-recipe").stdout
    assert printed.startswith("# The recipe of `newsvol replay`")
    (tmp_path / "mine.yaml").write_text(printed.replace("name: default", "name: mine"))
    again = newsvol("replay", "mine.yaml", "--print-recipe", "--strategy", "breakout", cwd=tmp_path).stdout
    assert "name: mine" in again
    assert "vol_timing" not in again
