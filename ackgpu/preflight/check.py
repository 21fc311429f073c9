"""What a check is: the reads that it needs, and what it makes of their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ackgpu.errors import AckGpuError, PreflightFailed
from ackgpu.preflight.facts import Facts, Reads, Target, reason

Severity = Literal["ok", "warning", "unknown", "error", "skipped"]


@dataclass(frozen=True)
class Finding:
    """Something that a check says: ``id`` is the check's word, ``fix`` what to do about it.

    ``failure`` is the error of a creation that it stops.
    """

    id: str
    severity: Severity
    what: str
    why: str = ""
    fix: str = ""
    failure: type[AckGpuError] = PreflightFailed


def no_reads(target: Target) -> Reads:
    """A check that judges from the spec alone."""
    del target
    return {}


@dataclass(frozen=True)
class Check:
    """One check. ``judge`` yields what it finds, ``ok`` included; it need not catch read errors."""

    id: str
    judge: Callable[[Target, Facts], Iterator[Finding]]
    reads: Callable[[Target], Reads] = no_reads

    def run(self, target: Target, facts: Facts) -> list[Finding]:
        """What it finds; unknown where a read that it needs failed."""
        found: list[Finding] = []
        try:
            found.extend(self.judge(target, facts))
        except AckGpuError as error:
            fix = error.resolution or "Run it again."
            found.append(Finding(self.id, "unknown", reason(error), error.message, fix))
        return found
