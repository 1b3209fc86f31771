"""One line for whatever was raised: what was found, where, and what to do."""

import errno
import os
import re
import sys
import traceback
from pathlib import Path

from newsvol.engine.errors import InputError, first_line

EXTRAS = {
    "peft": "torch",
    "torch": "torch",
    "transformers": "torch",
    "accelerate": "train",
    "onnx": "train",
    "sklearn": "train",
    "torchao": "train",
    "tqdm": "train",
    "arch": "vol",
    "ray": "cluster",
    "tensorboard": "track",
    "wandb": "track",
}
"""The extra that installs a module which not everybody needs."""

_LONGEST = 2000
_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).parents[1]

_ADVICE = {
    errno.ENOSPC: "free some space, or write elsewhere",
    errno.EDQUOT: "free some space, or write elsewhere",
    errno.EROFS: "write elsewhere",
    errno.EACCES: "check who may read and write it",
    errno.EPERM: "check who may read and write it",
    errno.EMFILE: "allow more: ulimit -n 1024",
    errno.ENFILE: "close other programs",
    errno.EAGAIN: "allow more processes (ulimit -u), or use fewer --workers",
    errno.EISDIR: "name a file",
    errno.ENOTDIR: "what stands before the last / must be a folder",
    errno.ENOENT: "check the name",
    errno.EEXIST: "name another, or remove it",
    errno.ENAMETOOLONG: "choose a shorter one",
    errno.ELOOP: "the link points at itself; name the file itself",
    errno.EBADF: "stdin or stdout was closed by what started newsvol; leave it open, or use /dev/null",
    errno.EIO: "the disk or the connection to it is failing",
    errno.EFBIG: "allow larger files (ulimit -f), or write elsewhere",
}

# Libraries say "no memory" in their own kinds of error: torch and onnxruntime by RuntimeError, the loader of
# shared objects by ImportError.
_NO_MEMORY = re.compile(
    r"(cannot|can't|could not|unable to|failed to) (re)?allocate|out of memory|bad_?alloc"
    r"|failed to map segment",
    re.IGNORECASE,
)


def explain(error: BaseException, traced: bool = False) -> str:
    """Return one line on `error` for the user.

    Parameters
    ----------
    traced : bool
        Whether the traceback is shown too, so that nobody needs to be sent for it.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, InputError):
        return one_line(str(error))
    told = _told(error)
    return one_line(told if told is not None else _unexpected(error, traced))


def one_line(text: str) -> str:
    """Return `text` on one line that any terminal can show; what cannot be printed stands as an escape."""
    folded = " ".join(line.strip() for line in text.splitlines() if line.strip())
    if len(folded) > _LONGEST:
        folded = folded[:_LONGEST] + "..."
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "surrogatepass").decode()
        for sign in folded
    )


def plugin_of(error: BaseException) -> str | None:
    """Return the package of the plug-in that `error` came through, if it did."""
    from importlib.metadata import entry_points

    try:
        points = entry_points()
        roots = {
            point.module.partition(".")[0]
            for group in points.groups
            if group.startswith(f"{_PACKAGE}.")
            for point in points.select(group=group)
        }
    except Exception:  # another package's broken metadata must not hide what went wrong here
        return None
    modules = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    through = [root for module in modules if (root := module.partition(".")[0]) in roots - {_PACKAGE}]
    return through[-1] if through else None


def _told(error: BaseException) -> str | None:
    """Say what `error` means by its class; None where it means a fault."""
    if _is_memory(error):
        return f"not enough memory ({first_line(error)}); use fewer --workers or a smaller file, or free some"
    if isinstance(error, RecursionError):
        return (
            f"something is nested too deeply ({first_line(error)}); flatten the YAML or JSON that was given"
        )
    if isinstance(error, UnicodeEncodeError):
        return _unprintable(error)
    if _is_a(error, "concurrent.futures.process", "BrokenProcessPool"):
        return "a worker process died, killed or out of memory; use fewer --workers"
    if isinstance(error, ImportError):
        return _missing(error)
    if _is_a(error, "pyarrow", "ArrowException"):
        return f"a table cannot be read or written: {first_line(error)}; make or import it again"
    if isinstance(error, OSError):
        return _system(error)
    text = first_line(error)
    if isinstance(error, RuntimeError) and text.startswith("can't start new thread"):
        return "no further thread can be started; allow more (ulimit -u, ulimit -v), or use fewer --workers"
    if isinstance(error, RuntimeError) and text.startswith("cannot cache function"):
        return "compiled code can be kept nowhere; name a folder that can be written with NUMBA_CACHE_DIR"
    if isinstance(error, RuntimeError) and text.startswith("Symlink loop"):
        return f"{text[:1].lower()}{text[1:]}; name the file itself"
    if isinstance(error, ValueError) and text.startswith("embedded null "):
        return "a name of a file holds a NUL, which no file has; correct it"
    return None


def _system(error: OSError) -> str:
    names = [_name(name) for name in (error.filename, error.filename2) if name is not None]
    where = f"{' -> '.join(names)}: " if names else ""
    if error.errno is None:  # a library's own words
        return f"{where}{first_line(error)}; check the files that were named"
    said = first_line(OSError(error.strerror or os.strerror(error.errno)))
    # The system's words start large ("No space left on device") and stand inside a line here.
    reason = said[:1].lower() + said[1:] if said == os.strerror(error.errno) else said
    advice = _ADVICE.get(error.errno, "check the files that were named")
    return f"{where}{reason}; {advice}"


def _name(name: object) -> str:
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name)


def _unprintable(error: UnicodeEncodeError) -> str:
    sign = error.object[error.start]
    if "\ud800" <= sign <= "\udfff":
        return (
            f"a text holds {sign!a}, half a character, which cannot be written; correct it where it is from"
        )
    return f"{sign!a} cannot be printed in {error.encoding}; set PYTHONIOENCODING=utf-8, or write to a file"


def _missing(error: ImportError) -> str | None:
    root = (error.name or "").partition(".")[0]
    if root == _PACKAGE:
        return None
    if not isinstance(error, ModuleNotFoundError):
        return f"{root or 'a package'} cannot be imported ({first_line(error)}); install it again"
    if root in EXTRAS:
        return f"this needs {root}: pip install '{_PACKAGE}[{EXTRAS[root]}]'"
    plugin = plugin_of(error)
    asker = f"the plug-in {plugin}" if plugin else _PACKAGE
    return f"{asker} needs {root or 'a package'}, which is not installed; install {plugin or _PACKAGE} again"


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno == errno.ENOMEM
    spoken = isinstance(error, RuntimeError | ImportError | OSError) and _NO_MEMORY.search(str(error))
    return isinstance(error, MemoryError) or bool(spoken)


def _is_a(error: BaseException, module: str, name: str) -> bool:
    # Whoever raised it has imported the module; importing it here would cost every other error its time.
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(error, kind)


def _unexpected(error: BaseException, traced: bool) -> str:
    plugin = plugin_of(error)
    owner = f"the plug-in {plugin}" if plugin else _PACKAGE
    todo = "report it with the traceback" if traced else "run again with --traceback and report it"
    said = first_line(error)
    kind = type(error).__name__
    if type(error).__module__ != "builtins":  # "error" and "Error" are what zlib and csv call theirs
        kind = f"{type(error).__module__}.{kind}"
    what = kind if said == type(error).__name__ else f"{kind}: {said}"
    return f"unexpected {what}; this is a fault of {owner}{_place(error)}; {todo}"


def _place(error: BaseException) -> str:
    files = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [(file.relative_to(_ROOT.parent), line) for file, line in files if file.is_relative_to(_ROOT)]
    return f" ({ours[-1][0]}:{ours[-1][1]})" if ours else ""
