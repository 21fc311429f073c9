"""Flags that several commands take together, declared once."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Self


class FlagSet:
    """A set of flags: each annotated attribute is one, with its default; without, it is required.

    A command's function takes a set as one parameter; ``add_command`` puts the set's flags into the
    command line and hands an instance in. Sets extend one another by inheritance, base first.
    Modules of sets do without ``from __future__ import annotations``: as objects, annotations cost
    a command line nothing to read.
    """

    @classmethod
    def parameters(cls) -> list[inspect.Parameter]:
        """The flags as a typer function's parameters."""
        kind = inspect.Parameter.KEYWORD_ONLY
        hints: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            hints |= vars(base).get("__annotations__", {})
        return [
            inspect.Parameter(
                name, kind, default=getattr(cls, name, inspect.Parameter.empty), annotation=hint
            )
            for name, hint in hints.items()
        ]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """The set with the values of a command line."""
        made = cls()
        vars(made).update(values)
        return made

    def given(self) -> dict[str, Any]:
        """What was given, for a record of options: lists as tuples, and None left out."""
        return {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in vars(self).items()
            if value is not None
        }
