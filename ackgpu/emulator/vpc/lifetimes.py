"""What exists, what will, and how it goes away."""

from __future__ import annotations

from ackgpu.emulator.lifecycle import Lifecycle
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc


def lasting(
    call: Call, kind: str, at: float, *, scope: str | None = None, region: str | None = None
) -> list[Doc]:
    """Documents that exist at ``at`` or are planned for later: what quotas and names count."""
    rows = call.docs.find(kind, scope=scope, region=region)
    return [doc for doc in rows if doc.gone is None or doc.gone > max(at, doc.born)]


def retire(call: Call, doc: Doc, lifecycle: Lifecycle, at: float, ending: tuple[str, float]) -> Doc:
    """Let it go from ``at``: it shows the state ``ending[0]`` for ``ending[1]`` seconds.

    What is not born by ``at`` never will be. What already goes sooner stays as it is.
    """
    state, seconds = ending
    if doc.gone is not None and doc.gone <= at + seconds:
        return doc
    if doc.born > at:
        doc.gone = doc.born
    else:
        doc.body["phases"] = lifecycle.then(doc.body["phases"], at, (0, state))
        doc.gone = at + seconds
    return call.docs.put(doc)
