"""One thing that ``doctor`` looked at: how it is shown, and the error that it amounts to."""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu.errors import AckGpuError
from ackgpu.render.verdicts import CheckRow


@dataclass(frozen=True)
class Diagnosis:
    """A row, and where it failed the error whose exit code the command may end with."""

    row: CheckRow
    error: AckGpuError | None = None


def well(name: str, message: str) -> Diagnosis:
    """Nothing is wrong."""
    return Diagnosis(CheckRow(name=name, verdict="passed", message=message))


def doubtful(name: str, message: str, remedy: str) -> Diagnosis:
    """It works, and something should be known."""
    return Diagnosis(CheckRow(name=name, verdict="warning", message=message, remedy=remedy))


def unknown(name: str, message: str, remedy: str = "") -> Diagnosis:
    """It could not be looked at."""
    return Diagnosis(CheckRow(name=name, verdict="unknown", message=message, remedy=remedy))


def unused(name: str, message: str) -> Diagnosis:
    """There is nothing to look at."""
    return Diagnosis(CheckRow(name=name, verdict="skipped", message=message))


def ill(name: str, error: AckGpuError) -> Diagnosis:
    """It will not work, and ``error`` says why."""
    row = CheckRow(
        name=name, verdict="failed", message=error.message, remedy=error.resolution or ""
    )
    return Diagnosis(row, error)
