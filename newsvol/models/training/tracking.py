"""Losses followed by TensorBoard or Weights & Biases, one run of theirs per fit."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from newsvol.engine.errors import InputError, OutputError, nearest

Track = Literal["none", "tensorboard", "wandb"]

WANDB_MODES: Final = ("online", "offline", "shared", "disabled", "dryrun", "run")

TRACKING: Final = Path("tracking")
"""Where runs are left, in the folder a command is called from: a model's own appears only at the end."""


def require_tracker(track: Track, find: Callable[[str], object | None] = find_spec) -> None:
    """Check that losses can be tracked, before any work is done.

    Parameters
    ----------
    find : callable
        Finds a package by its name.

    Raises
    ------
    InputError
        The package that `track` names is not installed, or WANDB_MODE is none of W&B's modes.
    """
    if track != "none" and find(track) is None:
        raise InputError(f"track {track} needs {track}: pip install {track}, or set track to none")
    mode = _wandb_mode()
    if track == "wandb" and mode not in WANDB_MODES:
        raise InputError(f"WANDB_MODE={mode} is none of {', '.join(WANDB_MODES)}{nearest(mode, WANDB_MODES)}")


def where_to_look(track: Track, folder: Path = TRACKING) -> str:
    """Return the line that tells a user where the losses are and how to see them."""
    if track == "tensorboard":
        return f"losses go to {folder}; see them: tensorboard --logdir {folder}"
    if _wandb_mode() == "offline":
        return (
            f"losses go to {folder / 'wandb'}, offline; upload them: wandb sync {folder}/wandb/offline-run-*"
        )
    return f"losses go to {folder / 'wandb'}, W&B's mode is {_wandb_mode()}"


@contextmanager
def tracked(track: Track, folder: Path, name: str) -> Iterator[list[object]]:
    """Yield the Trainer callbacks that report one fit, and close its run however the fit ends.

    Runs of the same name do not overwrite each other.

    Raises
    ------
    InputError
        The package is not installed.
    OutputError
        `folder` cannot be written.
    """
    if track == "none":
        yield []
        return
    require_tracker(track)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror}; call from another folder") from error
    with _tensorboard(folder, name) if track == "tensorboard" else _wandb(folder, name) as callback:
        yield [callback]


@contextmanager
def _tensorboard(folder: Path, name: str) -> Iterator[object]:
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra
    from transformers.integrations import TensorBoardCallback  # type: ignore[attr-defined]  # noqa: PLC0415 - with it

    before = sum(1 for _ in folder.glob(f"{name}-*"))
    with SummaryWriter(str(folder / f"{name}-{before + 1}")) as writer:
        yield TensorBoardCallback(writer)  # type: ignore[no-untyped-call]


@contextmanager
def _wandb(folder: Path, name: str) -> Iterator[object]:
    import wandb  # noqa: PLC0415 - an extra
    from transformers.integrations import WandbCallback  # type: ignore[attr-defined]  # noqa: PLC0415 - with it

    # The callback would open a run itself and leave it open: the next fit's steps would run backwards in it.
    run = wandb.init(
        project=os.environ.get("WANDB_PROJECT", "newsvol"),
        name=name,
        dir=folder,
        mode=_wandb_mode(),
        settings=wandb.Settings(console="off", silent=_wandb_mode() == "offline"),
    )
    ended = 1
    try:
        yield WandbCallback()  # type: ignore[no-untyped-call]
        ended = 0
    finally:
        run.finish(exit_code=ended)


def _wandb_mode() -> Any:
    """Return W&B's mode: nothing leaves the machine unless it is asked to."""
    return os.environ.get("WANDB_MODE", "offline")
