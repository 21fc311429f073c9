"""What a check is: the reads that it needs, and what it makes of their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ackgpu.engine.reads import ReadResults
from ackgpu.errors import AckGpuError, PreflightFailed, reason
from ackgpu.preflight.facts import Reads, Target

Severity = Literal["ok", "warning", "unknown", "error", "skipped"]


@dataclass(frozen=True)
class CheckFinding:
    """Something that a check says: ``id`` is the check's word, ``fix`` what to do about it.

    ``failure`` is the error of a creation that it stops. ``at_once``: a warning that is worth
    stopping for, so that a creation says it before it makes anything, and not at its end alone.
    """

    id: str
    severity: Severity
    what: str
    why: str = ""
    fix: str = ""
    failure: type[AckGpuError] = PreflightFailed
    at_once: bool = False


@dataclass(frozen=True)
class Check:
    """One check. ``judge`` yields what it finds, ``ok`` included; it need not catch read errors.

    Without ``reads`` it judges only from the spec.
    """

    id: str
    judge: Callable[[Target, ReadResults], Iterator[CheckFinding]]
    reads: Callable[[Target], Reads] = lambda _: {}

    def run(self, target: Target, facts: ReadResults) -> list[CheckFinding]:
        """What it finds; unknown where a read that it needs failed."""
        found: list[CheckFinding] = []
        try:
            found.extend(self.judge(target, facts))
        except AckGpuError as error:
            fix = error.resolution or "Run it again."
            found.append(CheckFinding(self.id, "unknown", reason(error), error.message, fix))
        return found
