"""What a rule says about a spec."""

from __future__ import annotations

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


def warning(key: str, message: str) -> Finding:
    """Something that may be meant, and that the user should know."""
    return Finding("", key, message, "warning")
