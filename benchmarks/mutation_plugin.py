"""pytest plugin of `benchmarks/mutation.py`: plain kernels where they are mutated, and no shrinking.

A kernel of the module that NEWSVOL_MUTATED names is not compiled: a mutant that reads beyond an array is then
an error and not whatever lies there, and nothing is compiled for each mutant. Hypothesis draws the same
examples for every mutant; a failing one is not made smaller, as nobody reads it.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import Phase, settings

from newsvol.engine import kernel as kernels

settings.register_profile(
    "mutation",
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

_MUTATED = os.environ.get("NEWSVOL_MUTATED", "")
_compiled: Callable[..., Any] = kernels.kernel


def _plain_where_mutated(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    if function is None:
        return lambda plain: _plain_where_mutated(plain, **options)
    return function if function.__module__ == _MUTATED else _compiled(function, **options)


if _MUTATED.endswith("_nb"):
    setattr(kernels, "kernel", _plain_where_mutated)  # noqa: B010 - before any kernel is imported
