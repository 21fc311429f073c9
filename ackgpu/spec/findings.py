"""What is said about a spec: by a rule, or by the model of a value that does not fit it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ackgpu.errors import SpecFinding

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding(SpecFinding):
    """A finding and its weight: an error makes the spec unusable, a warning is only shown."""

    severity: Severity = "error"

    @property
    def is_error(self) -> bool:
        """Whether the spec cannot be used because of it."""
        return self.severity == "error"


def error(key: str, message: str) -> Finding:
    """Something that makes the spec unusable."""
    return Finding("", key, message)


def refused(key: str, problem: str) -> Iterator[Finding]:
    """An error at ``key``, if there is a problem with what stands there."""
    if problem:
        yield error(key, problem)


def warning(key: str, message: str) -> Finding:
    """Something that may be meant, and that the user should know."""
    return Finding("", key, message, "warning")


@dataclass(frozen=True)
class Misfit:
    """A value that does not fit the model: its path, pydantic's word for why, and the value."""

    path: tuple[str | int, ...]
    kind: str
    message: str
    given: object


class MisfitError(ValueError):
    """A document does not fit the model; ``misfits`` holds each value that does not."""

    def __init__(self, misfits: tuple[Misfit, ...]) -> None:
        super().__init__(f"{len(misfits)} values do not fit")
        self.misfits = misfits
