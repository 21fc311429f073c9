"""Whether RAM allows what is read before a creation; what is written is only known by writing."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.check import Check, CheckFinding, Severity
from ackgpu.preflight.facts import STOOD_IN_FOR, Target

ID = "permissions"


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    del target
    denied = facts.denied()
    for error in denied:
        severity: Severity = "warning" if error.action in STOOD_IN_FOR else "error"
        what = f"RAM refuses {error.action}"
        yield CheckFinding(ID, severity, what, error.message, error.resolution or "")
    if not denied:
        yield CheckFinding(ID, "ok", f"{len(facts.results)} reads allowed")


CHECK = Check(ID, _judge)
