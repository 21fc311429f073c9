"""A cloud that holds steps to what they say of themselves: ``Step.reads`` and ``Step.writes``.

``policy generate`` is made of what steps declare, so a call that a step makes and does not name is
an action that is missing from somebody's policy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from ackgpu.cloud.api import Cloud
from ackgpu.engine.step import Step

PRODUCTS = frozenset(
    name
    for name, found in vars(Cloud).items()
    if isinstance(found, property) and found.fget.__annotations__["return"].endswith("Api")
)


def held_to_declarations(connect: Callable[[], Cloud]) -> Cloud:
    """The account that ``connect`` makes; a call that its step does not declare fails the run."""
    return cast("Cloud", _Held(connect()))


class _Held:
    """What is looked up is kept as an attribute: a survey of all regions asks very often."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._regions: dict[str, _Held] = {}

    def in_region(self, region: str) -> _Held:
        if region not in self._regions:
            self._regions[region] = _Held(self._cloud.in_region(region))
        return self._regions[region]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cloud, name)
        if name not in PRODUCTS:
            return found
        self.__dict__[name] = held = _Product(name, found)
        return held


class _Product:
    def __init__(self, name: str, product: Any) -> None:
        self._name = name
        self._product = product

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._product, method)
        named = f"{self._name}.{method}"

        @wraps(call)
        def checked(*args: Any, **kwargs: Any) -> Any:
            step = _calling_step()
            if step is not None and named not in {*step.reads, *step.writes}:
                raise AssertionError(f"{type(step).__name__} makes {named} and does not declare it")
            return call(*args, **kwargs)

        self.__dict__[method] = checked
        return checked


def _calling_step() -> Step[Any] | None:
    """The innermost step among the callers; None if what calls is no step."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_varnames[:1] == ("self",):  # f_locals copies all of a frame's variables
            caller = frame.f_locals.get("self")
            if isinstance(caller, Step):
                return caller
        frame = frame.f_back
    return None
