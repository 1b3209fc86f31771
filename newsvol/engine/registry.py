"""Named things that third parties can add: strategies and forecasters, found through entry points."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.engine.plug_ins import PlugIn, plug_in_of

T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., Any])


def installed(group: str) -> Iterable[EntryPoint]:
    """Return the entry points of `group` that installed packages declare."""
    return entry_points(group=group)


class Registry(Generic[T]):
    """Factories by name: the built-in ones, and what installed packages register.

    Parameters
    ----------
    kind : str
        What the names stand for, used in messages ("strategy").
    group : str
        The entry-point group that is searched ("newsvol.strategies").
    discover : callable
        Gives the entry points of a group.

    Notes
    -----
    Entry points are read on the first use, not at import. A built-in name that a package registers too is
    refused where it is used: taking either would give somebody another strategy than the one they named.
    """

    def __init__(
        self, kind: str, group: str, discover: Callable[[str], Iterable[EntryPoint]] = installed
    ) -> None:
        self.kind = kind
        self.group = group
        self._discover = discover
        self._factories: dict[str, Callable[..., T]] = {}
        self._loaded: dict[str, Callable[..., T]] = {}
        self._installed: list[EntryPoint] | None = None

    def add(self, name: str) -> Callable[[C], C]:
        """Return a decorator that registers a built-in factory (a class, a function) under `name`."""

        def register(factory: C) -> C:
            assert name not in self._factories, f"{self.kind} {name!r} registered twice"
            self._factories[name] = factory
            return factory

        return register

    @contextmanager
    def lend(self, name: str, factory: Callable[..., T]) -> Iterator[None]:
        """Know `factory` under `name` inside a ``with`` block: for notebooks and tests."""
        self.add(name)(factory)
        try:
            yield
        finally:
            del self._factories[name]

    def built_in(self) -> dict[str, Callable[..., T]]:
        """Return the built-in factories by name."""
        return dict(self._factories)

    def value_of(self, name: str) -> str | None:
        """Return where an installed `name` is loaded from, ``package.module:object``; None if built in."""
        return next((point.value for point in self._points() if point.name == name), None)

    def names(self) -> list[str]:
        """Return every known name, built-in and installed, sorted."""
        return sorted({*self._factories, *(point.name for point in self._points())})

    def factory(self, name: str) -> Callable[..., T]:
        """Return the factory called `name`.

        Raises
        ------
        UnknownNameError
            With the nearest known name.
        InputError
            Two packages register the name, or one registers a built-in's, or it cannot be imported.
        """
        if name in self._factories:
            rivals = sorted({point.value for point in self._points() if point.name == name})
            if rivals:
                raise InputError(
                    f"{self.kind} {name!r} is built in, and {' and '.join(rivals)} is registered by that "
                    "name too; rename that one, or uninstall its package"
                )
            return self._factories[name]
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def plug_in(self, name: str) -> PlugIn | None:
        """Return whose the factory called `name` is; None for one of newsvol's own.

        Raises
        ------
        UnknownNameError, InputError
            As `factory`.
        """
        factory = self.factory(name)
        registered = (point.dist for point in self._points() if point.name == name)
        return plug_in_of(factory, next((found for found in registered if found is not None), None))

    def _points(self) -> list[EntryPoint]:
        if self._installed is None:
            self._installed = list(self._discover(self.group))
        return self._installed

    def _load(self, name: str) -> Callable[..., T]:
        # the same package may be found twice, once installed and once on the path
        targets = {point.value: point for point in self._points() if point.name == name}
        if not targets:
            raise UnknownNameError(self.kind, name, self.names())
        if len(targets) > 1:
            rivals = " and by ".join(sorted(targets))
            raise InputError(f"{self.kind} {name!r} is registered by {rivals}; uninstall all but one")
        (point,) = targets.values()
        try:
            factory: Callable[..., T] = point.load()
        except (ImportError, AttributeError) as error:
            raise InputError(f"{self.kind} {name!r} cannot be loaded from {point.value}: {error}") from error
        return factory
