"""Where the machine code of kernels is kept, and that newsvol can be imported where it cannot be kept."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import newsvol
from newsvol.engine.kernel import kernel
from newsvol.engine.queue_nb import fifo_start_nb

PACKAGE = Path(newsvol.__file__).parent
FOLDER = f"newsvol-numba-{os.getuid()}"

IMPORT_ALL = """
import importlib, pathlib, sys
root = pathlib.Path(sys.path[0])
for file in sorted(root.rglob("newsvol/**/*_nb.py")):
    module = importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))
    assert pathlib.Path(module.__file__) == file
    print(module.__name__)
"""
RUN_ONE = """
import numpy as np
from newsvol.engine.queue_nb import fifo_start_nb
rng = np.random.default_rng(5)
start = fifo_start_nb(np.sort(rng.integers(0, 10**15, 500)), rng.integers(0, 10**13, 500), 3)
print(start.tobytes().hex())
"""
PLAIN_NUMBA = """
from numba import njit
@njit(cache=True)
def twice_nb(x):
    return 2 * x
"""


@kernel
def _twice_nb(x: float) -> float:
    return 2.0 * x


@kernel(error_model="numpy")
def _share_nb(x: float, whole: float) -> float:
    return x / whole


@kernel(error_model="python")
def _checked_share_nb(x: float, whole: float) -> float:
    return x / whole


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def read_only(tmp_path: Path) -> Run:
    """Return a function that runs code beside a copy of newsvol where nothing can be kept.

    Permissions do not bind root, so every ``__pycache__`` and the home folder are files: numba finds no place
    in them, as on a disk that is read-only.
    """
    place = tmp_path / "installed"
    shutil.copytree(
        PACKAGE,
        place / "newsvol",
        ignore=lambda folder, names: [
            name for name in names if not (name.endswith(".py") or Path(folder, name).is_dir())
        ],
    )
    for folder in [place, *(found for found in (place / "newsvol").rglob("*") if found.is_dir())]:
        if folder.name != "__pycache__":
            shutil.rmtree(folder / "__pycache__", ignore_errors=True)
            (folder / "__pycache__").touch()
    home = tmp_path / "home"
    home.touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def run(code: str, file: str = "run.py", check: bool = True) -> subprocess.CompletedProcess[str]:
        (place / file).write_text(code)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA_", "XDG_"))}
        return subprocess.run(
            [sys.executable, place / file],
            capture_output=True,
            text=True,
            check=check,
            env={**kept, "HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": ""},
        )

    return run


def _kept(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "temporary" / FOLDER).rglob("*.nbc"))


def test_numba_itself_refuses_to_be_imported_there(read_only: Run) -> None:
    """The reproduction: without this, the tests below would prove nothing."""
    refused = read_only(PLAIN_NUMBA, check=False)
    assert refused.returncode != 0
    assert "no locator available" in refused.stderr


def test_every_kernel_can_be_imported_where_nothing_can_be_written(read_only: Run) -> None:
    imported = read_only(IMPORT_ALL).stdout.split()
    assert len(imported) == len(list(PACKAGE.rglob("*_nb.py")))
    assert "newsvol.signals.volatility.har_nb" in imported


def test_code_is_then_kept_in_a_folder_of_this_user(read_only: Run, tmp_path: Path) -> None:
    assert read_only(RUN_ONE).stdout.strip() == _expected()
    (kept,) = _kept(tmp_path)
    assert kept.startswith("queue_nb.fifo_start_nb")
    assert (tmp_path / "temporary" / FOLDER).stat().st_mode & 0o777 == 0o700
    written = next((tmp_path / "temporary").rglob("*.nbc")).stat().st_mtime_ns
    assert read_only(RUN_ONE).stdout.strip() == _expected()
    assert next((tmp_path / "temporary").rglob("*.nbc")).stat().st_mtime_ns == written  # read, not made again


def _a_file(folder: Path) -> None:
    folder.touch()


def _open_to_all(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def _a_link(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "elsewhere")


@pytest.mark.parametrize("lay", [_a_file, _open_to_all, _a_link])
def test_a_folder_that_others_could_have_laid_is_not_used(
    read_only: Run, tmp_path: Path, lay: Callable[[Path], None]
) -> None:
    lay(tmp_path / "temporary" / FOLDER)
    assert read_only(RUN_ONE).stdout.strip() == _expected()
    assert list((tmp_path / "temporary").rglob("*.nb*")) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(read_only: Run, tmp_path: Path) -> None:
    folder = tmp_path / "temporary" / FOLDER
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    assert read_only(RUN_ONE).stdout.strip() == _expected()
    assert list(folder.iterdir()) == []


def test_where_the_package_can_be_written_the_code_stays_beside_it() -> None:
    assert Path(tempfile.gettempdir(), FOLDER) not in Path(_cache_path(fifo_start_nb)).parents


def test_the_decorator_takes_options_or_none() -> None:
    assert _twice_nb(21.0) == 42.0
    assert _share_nb(1.0, 0.0) == np.inf
    with pytest.raises(ZeroDivisionError):
        _checked_share_nb(1.0, 0.0)


def test_every_kernel_of_the_package_is_made_by_the_decorator() -> None:
    by_hand = [
        file for file in PACKAGE.rglob("*.py") if "njit" in file.read_text() and file.name != "kernel.py"
    ]
    assert by_hand == []


def _cache_path(function: object) -> str:
    return str(function.stats.cache_path)  # type: ignore[attr-defined]


def _expected() -> str:
    rng = np.random.default_rng(5)
    return (
        fifo_start_nb(np.sort(rng.integers(0, 10**15, 500)), rng.integers(0, 10**13, 500), 3).tobytes().hex()
    )
