"""The types of the model's attributes, as files have them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import (
    BeforeValidator,
    PlainSerializer,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)

from ackgpu.spec import durations

T = TypeVar("T")

DOCUMENT = "document"
"""The context of a validation whose values come from a file, as opposed to a program."""


def _empty_for_null(value: object) -> object:
    return "" if value is None else value


def _seconds(value: object, info: ValidationInfo) -> object:
    """A bare number in a file may be meant as hours: only a program gives seconds so."""
    if isinstance(value, str):
        return durations.parse(value)
    if info.context == DOCUMENT and value is not None:
        raise ValueError(f"{value!r} is not a duration such as {durations.EXAMPLES}")
    return value


def _plugin(value: object) -> object:
    return "terway-eniip" if value == "terway" else value


# YAML has lists where the model has tuples.
Many = Annotated[tuple[T, ...], Strict(strict=False)]
OptionalText = Annotated[str, BeforeValidator(_empty_for_null)]
Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    PlainSerializer(durations.format_seconds, return_type=str),
    WithJsonSchema({"type": "string", "pattern": durations.PATTERN, "examples": ["45m", "1h30m"]}),
]
# ACK has several Terway modes; this one shares ENIs, and it is what "terway" means here.
Plugin = Annotated[Literal["flannel", "terway-eniip"], BeforeValidator(_plugin)]
VerifyLevel = Literal["none", "labels", "allocatable", "network", "cuda"]
