"""An attribute that is computed when it is first read, for objects that several threads use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar, overload

S = TypeVar("S")
T = TypeVar("T")


class computed_once(Generic[S, T]):  # noqa: N801 -- used like property
    """Computes it once an object; a thread that comes meanwhile waits for the value.

    ``functools.cached_property`` has one lock for all objects of a class until Python 3.12, so that
    a client whose cloud does not answer would hold up every other one; from then on it has none,
    and two threads would each start an emulator.
    """

    def __init__(self, compute: Callable[[S], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type[S], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[S]) -> computed_once[S, T]: ...
    @overload
    def __get__(self, instance: S, owner: type[S]) -> T: ...
    def __get__(self, instance: S | None, owner: type[S]) -> computed_once[S, T] | T:
        if instance is None:
            return self
        kept = vars(instance)
        # A lock for each attribute: what one of them waits for in another thread may read others.
        # setdefault is atomic, so that all threads get the same one.
        with kept.setdefault(f"{self._name} is computed", threading.RLock()):
            if self._name not in kept:
                kept[self._name] = self._compute(instance)
        value: T = kept[self._name]
        return value
