"""Kubernetes objects as plain JSON values, and the names and ids that the API server gives them."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from ackgpu.emulator.shared.tables import table

Obj = dict[str, Any]

SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""The alphabet of generated names (apimachinery, util/rand)."""

_NAMESPACE = uuid.UUID("8f0f2c1e-56a1-4d8c-9d3b-6d1d1f3c7a51")


CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def uid_of(*parts: str) -> str:
    """A stable uid for what is derived rather than stored."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def suffix_of(seed: str, length: int = 5) -> str:
    """A stable suffix in the alphabet of generated names."""
    digest = hashlib.sha256(seed.encode()).digest()
    return "".join(SAFE_LETTERS[byte % len(SAFE_LETTERS)] for byte in digest[:length])


def labels_of(obj: Obj) -> dict[str, str]:
    """The object's labels; empty where it has none."""
    return obj["metadata"].get("labels") or {}


def containers_of(spec: Obj) -> list[Obj]:
    """All containers of a pod, those first that run first."""
    return [row for part in CONTAINERS for row in spec.get(part) or []]


def owner_reference(owner: Obj) -> Obj:
    """A controlling owner reference to ``owner``."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: Obj) -> Obj | None:
    """The owner reference of the object's controller, where it has one."""
    references: list[Obj] = obj["metadata"].get("ownerReferences") or []
    return next((ref for ref in references if ref.get("controller")), None)


def condition(kind: str, *, holds: bool | None, reason: str = "", message: str = "") -> Obj:
    """A condition without its times; ``holds`` None is ``Unknown``."""
    status = "Unknown" if holds is None else str(holds)
    row: Obj = {"type": kind, "status": status}
    if reason:
        row["reason"] = reason
    if message:
        row["message"] = message
    return row


def told(reason: str, stamp: str, **words: str) -> Obj:
    """The condition that a reason of ``data/kube/conditions.json`` stands for, since a moment."""
    row = table("kube/conditions")["reasons"][reason]
    message = row["message"].format(**words)
    return {**row, "reason": reason, "message": message, "lastTransitionTime": stamp}
