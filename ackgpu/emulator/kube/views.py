"""Kinds that are served in two groups or versions: one is stored, the other is a view of it."""

from __future__ import annotations

from ackgpu.emulator.kube import autoscaling, events
from ackgpu.emulator.kube.objects import Obj

VIEWS = {
    "autoscaling/v1": (autoscaling.upgraded, autoscaling.downgraded),
    "events.k8s.io/v1": (events.as_core, events.as_regarding),
}
KINDS = ("HorizontalPodAutoscaler", "Event")


def as_stored(obj: Obj) -> Obj:
    """What a client sent, in the version that is stored."""
    view = VIEWS.get(obj["apiVersion"])
    return view[0](obj) if view and obj["kind"] in KINDS else obj


def as_asked(version: str, body: Obj) -> Obj:
    """An answer in the version that was requested: an object, or a list of them."""
    kind = str(body.get("kind"))
    if version not in VIEWS or kind.removesuffix("List") not in KINDS:
        return body
    show = VIEWS[version][1]
    if kind.endswith("List"):
        return {**body, "apiVersion": version, "items": [show(row) for row in body["items"]]}
    return show(body)
