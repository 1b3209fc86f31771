"""Named things that third parties can add: strategies and forecasters, found through entry points."""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from newsvol.engine.errors import UnknownNameError

T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., Any])


class Registry(Generic[T]):
    """Factories by name: the built-in ones, and what installed packages register.

    Parameters
    ----------
    kind : str
        What the names stand for, used in messages ("strategy").
    group : str
        The entry-point group that is searched ("newsvol.strategies").

    Notes
    -----
    Entry points are read on the first miss, not at import. A built-in name wins over a foreign one,
    so that installing a package cannot change what a recipe means.
    """

    def __init__(self, kind: str, group: str) -> None:
        self.kind = kind
        self.group = group
        self._factories: dict[str, Callable[..., T]] = {}

    def add(self, name: str) -> Callable[[C], C]:
        """Return a decorator that registers a built-in factory (a class, a function) under `name`."""

        def register(factory: C) -> C:
            assert name not in self._factories, f"{self.kind} {name!r} registered twice"
            self._factories[name] = factory
            return factory

        return register

    def names(self) -> list[str]:
        """Return every known name, built-in and installed, sorted."""
        return sorted({*self._factories, *(point.name for point in entry_points(group=self.group))})

    def factory(self, name: str) -> Callable[..., T]:
        """Return the factory called `name`.

        Raises
        ------
        UnknownNameError
            With the nearest known name.
        """
        if name not in self._factories:
            for point in entry_points(group=self.group):
                if point.name == name:
                    self._factories[name] = point.load()
        try:
            return self._factories[name]
        except KeyError:
            raise UnknownNameError(self.kind, name, self.names()) from None
