"""What exists, what will, and how it goes away.

A fault ``{kind: stuck, resource: natgateway, state: Creating}`` of the scenario stops the course of
what is set going after it: the resource stays in that state. ``resource`` is vpc, vswitch,
routetable, route, natgateway, eip, snat or forward; without ``state`` it is the first state
entered; ``name`` narrows it to the resource of that name.
"""

from __future__ import annotations

from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.store import Doc


def lasting(call: Call, kind: str, at: float, *, scope: str | None = None) -> list[Doc]:
    """Documents that exist at ``at`` or are planned for later: what quotas and names count."""
    rows = call.docs.find(kind, scope=scope)
    return [
        doc for doc in rows if doc.deleted_at is None or doc.deleted_at > max(at, doc.created_at)
    ]


def retire(call: Call, doc: Doc, lifecycle: Lifecycle, at: float, ending: tuple[str, float]) -> Doc:
    """Let it go from ``at``: it shows the state ``ending[0]`` for ``ending[1]`` seconds.

    What is not born by ``at`` never will be. What already goes sooner stays as it is.
    """
    state, seconds = ending
    if doc.deleted_at is not None and doc.deleted_at <= at + seconds:
        return doc
    if doc.created_at > at:
        doc.deleted_at = doc.created_at
    else:
        lifecycle.enter(doc, at, (0, state))
        doc.deleted_at = at + seconds
    return set_going(call, doc)


def set_going(call: Call, doc: Doc) -> Doc:
    """Write down what begins now or later, up to the state in which a fault says it is stuck."""
    phases = doc.body["phases"]
    entered = [index for index, phase in enumerate(phases) if phase[0] >= call.now]
    for index in entered:
        if _stuck(call, doc, phases[index][1], first=index == entered[0]):
            doc.body["phases"] = phases[: index + 1]
            doc.deleted_at = None
            break
    return call.docs.put(doc)


def _stuck(call: Call, doc: Doc, state: str, *, first: bool) -> bool:
    for entry in call.settings.get("faults", ()):
        concerns = entry.get("kind") == "stuck" and entry.get("resource") == doc.kind
        if concerns and entry.get("name", doc.name) == doc.name:
            return bool(entry["state"] == state) if "state" in entry else first
    return False
