"""Flags that several commands take together, declared once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

if TYPE_CHECKING:
    from ackgpu.spec.fields import Field


class FlagSet:
    """A set of flags: each annotated attribute is one, with its default; without, it is required.

    ``fields``: settings of a spec whose flags are in the set too, None if they were not given.

    A command's function takes a set as one parameter; ``add_command`` puts the set's flags into the
    command line and hands an instance in. Sets extend one another by inheritance, base first.
    Modules of sets do without ``from __future__ import annotations``: as objects, annotations cost
    a command line nothing to read. Raises TypeError for a set with a default that is no flag: a
    Python that keeps annotations elsewhere must not lose the flags without a word.
    """

    def __init_subclass__(cls, fields: Iterable[Field] = ()) -> None:
        made = {field.parameter: option_of(field) for field in fields}
        if made:
            cls.__annotations__ = {**inspect.get_annotations(cls), **made}
        for name in made.keys() - vars(cls).keys():
            setattr(cls, name, None)
        flags = inspect.get_annotations(cls)
        for name, value in vars(cls).items():
            if not (name.startswith("_") or name in flags or _is_method(value)):
                raise TypeError(f"{cls.__name__}.{name} has no annotation, so it would be no flag")

    @classmethod
    def parameters(cls) -> list[inspect.Parameter]:
        """The flags as a typer function's parameters."""
        kind = inspect.Parameter.KEYWORD_ONLY
        hints: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            hints |= inspect.get_annotations(base)  # vars(base) has none since Python 3.14
        if not hints:
            raise TypeError(f"{cls.__name__} is a set without a flag")
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


def option_of(field: Field) -> Any:
    """The flag of a setting as typer takes it; its help ends with a mark for the default."""
    if field.flag == field.flag.upper():
        return Annotated[str | None, typer.Argument(help=field.help)]
    kind = list[str] if field.kind is list else field.kind
    option = typer.Option(
        *field.flag.split(" "),
        help=f"{field.help} {{{field.key}}}",
        metavar=field.metavar or None,
        rich_help_panel=field.panel,
    )
    return Annotated[kind | None, option]


_MARK = re.compile(r" \{([\w.\[\]]+)\}$")


def fill_in_defaults(command: Any) -> None:
    """Put the model's defaults in the place of the marks, in the help of every command below.

    The generators of docs/cli.md and of the table that help is answered from call it.
    """
    for inner in getattr(command, "commands", {}).values():
        fill_in_defaults(inner)
    for parameter in command.params:
        text = getattr(parameter, "help", None) or ""
        parameter.help = _MARK.sub(_default, text)


def _default(mark: re.Match[str]) -> str:
    from ackgpu.spec.schema import default_of

    default = default_of(mark[1])
    return f" Default: {default}." if default not in {"", "0"} else ""


def _is_method(value: object) -> bool:
    return inspect.isroutine(value) or isinstance(value, property)
