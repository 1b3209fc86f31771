"""Where a model runs: the cores of this process, or a GPU."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newsvol.engine.errors import DeviceError, nearest

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Device:
    """Where a model runs, and for ``auto`` why it is not the GPU of this machine."""

    kind: Literal["cpu", "cuda"]
    why: str = ""


def usable_cores() -> int:
    """Return how many cores this process may use; libraries would count every core of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def resolve_device(
    device: str,
    find: Callable[[str], object | None] = importlib.util.find_spec,
    has_driver: Callable[[], bool] | None = None,
) -> Device:
    """Return where ``device`` is: for ``auto`` CUDA where torch and a GPU are there, else the CPU.

    Parameters
    ----------
    find : callable
        Looks for a package.
    has_driver : callable, optional
        Says whether there is an NVIDIA driver.

    Raises
    ------
    DeviceError
        The name is unknown, or CUDA was asked for and is not there: there is no silent fallback.
    """
    if device not in DEVICES:
        raise DeviceError(f"unknown device {device!r}{nearest(device, DEVICES)}; known: {', '.join(DEVICES)}")
    # Without a driver there is no CUDA, and torch need not be imported to learn it.
    if device == "cpu" or (device == "auto" and not (has_driver or _has_driver)()):
        return Device("cpu")
    missing = next((package for package in ("torch", "transformers") if find(package) is None), None)
    if missing is not None:
        install = f"{missing} is not installed: pip install 'newsvol[torch]'"
        if device == "cuda":
            raise DeviceError(f"device 'cuda' was asked for, and {install}")
        return Device("cpu", f"there is a GPU, and {install}")
    import torch  # noqa: PLC0415 - two seconds, and only where there may be a GPU

    if torch.cuda.is_available():
        return Device("cuda")
    if device == "cuda":
        raise DeviceError(
            "device 'cuda' was asked for, but torch finds no CUDA device; use --device cpu or auto"
        )
    return Device("cpu", "there is a GPU driver, and torch finds no CUDA device")


def require_torch(what: str, find: Callable[[str], object | None] = importlib.util.find_spec) -> None:
    """Raise `DeviceError` if `what` needs torch and transformers, and they are not installed."""
    for package in ("torch", "transformers"):
        if find(package) is None:
            raise DeviceError(f"{what} needs {package}: pip install 'newsvol[torch]'")


def _has_driver() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
