"""What stands against a new pod: PodSecurity, LimitRange, ResourceQuota, a webhook.

The API server asks in this order and refuses with 403; a ReplicaSet's controller, which makes the
pods of a Deployment, shows the refusal as the condition ``ReplicaFailure`` of both. Words are those
of Kubernetes' admission plugins (``plugin/pkg/admission``, ``pod-security-admission/policy``).

A fault ``pod_refused`` (``message``, ``namespace``) refuses as a webhook of somebody's does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ackgpu.emulator.kube.objects import Obj, containers_of
from ackgpu.emulator.kube.pod_completion import complete_pod, ranges_of
from ackgpu.emulator.kube.pod_security import violation
from ackgpu.emulator.kube.quotas import over_quota
from ackgpu.emulator.kube.resources import by_plural
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.shared.quantities import amount, shown


def admit(state: ClusterState, pod: Obj) -> str:
    """Complete the pod; why the API server refuses it, or nothing where it takes it."""
    metadata = pod["metadata"]
    namespace = metadata["namespace"]
    name = metadata.get("name") or metadata.get("generateName", "")
    why = (
        complete_pod(state, pod)
        or violation(state, namespace, pod["spec"], "enforce")
        or _ranges(state, namespace, pod["spec"])
        or over_quota(state, by_plural("pods"), pod)
    )
    if why:
        return f'pods "{name}" is forbidden: {why}'
    for fault in state.settings.get("faults", ()):
        if fault.get("kind") == "pod_refused" and fault.get("namespace", namespace) == namespace:
            return f'admission webhook "pods.example.com" denied the request: {fault["message"]}'
    return ""


def _ranges(state: ClusterState, namespace: str, spec: Obj) -> str:
    """What LimitRanges ask of each container and of the pod: a minimum, a maximum."""
    found: list[str] = []
    for item in ranges_of(state, namespace, "Container"):
        found += [why for row in containers_of(spec) for why in _out_of(item, row)]
    for item in ranges_of(state, namespace, "Pod"):
        found += _out_of(item, {"resources": _summed(spec)})
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""


def _summed(spec: Obj) -> Obj:
    total: dict[str, dict[str, Any]] = {"requests": {}, "limits": {}}
    for part, sums in total.items():
        for row in spec["containers"]:
            for name, value in ((row.get("resources") or {}).get(part) or {}).items():
                sums[name] = shown(amount(sums.get(name, "0")) + amount(value))
    return total


def _out_of(item: Obj, row: Obj) -> Iterator[str]:
    kind, resources = item["type"], row.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    bounds = (("min", requests, limits, "request", 1), ("max", limits, requests, "limit", -1))
    for part, first, other, word, sign in bounds:
        for name, bound in (item.get(part) or {}).items():
            asked = first.get(name, other.get(name))
            said = f"{part}imum {name} usage per {kind} is {bound}"
            if asked is None:
                yield f"{said}. No {word} is specified"
            elif (amount(asked) - amount(bound)) * sign < 0:
                yield f"{said}, but {word} is {asked}"
