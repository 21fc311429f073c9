"""Whether RAM allows what is read before a creation; what is written is only known by writing."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Target

ID = "permissions"


def _judge(target: Target, facts: Facts) -> Iterator[Finding]:
    del target
    denied = facts.denied()
    for error in denied:
        yield Finding(
            ID, "error", f"RAM refuses {error.action}", error.message, error.resolution or ""
        )
    if not denied:
        yield Finding(ID, "ok", f"{len(facts.results)} reads allowed")


CHECK = Check(ID, _judge)
