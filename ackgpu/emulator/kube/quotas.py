"""What ResourceQuotas stand against, and what is used of them (Kubernetes, "Resource Quotas")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ackgpu.emulator.kube.custom import resources_of
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.pod_timeline import courses, finished, pod_docs
from ackgpu.emulator.kube.resources import ApiResource
from ackgpu.emulator.kube.state import ClusterState, Told
from ackgpu.emulator.shared.quantities import amount, shown
from ackgpu.emulator.store import Doc

COMPUTE = ("cpu", "memory", "ephemeral-storage")
COUNTED = frozenset({
    "configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets",
    "services",
})  # fmt: skip
"""Kinds that a quota may count without the prefix ``count/``."""
Usage = defaultdict[str, Decimal]


def over_quota(state: ClusterState, resource: ApiResource, obj: Obj) -> str:
    """Why a namespace's quotas do not allow a new object; empty where they do."""
    namespace = obj["metadata"].get("namespace", "")
    quotas = state.within(namespace, "resourcequotas")
    if not quotas:
        return ""
    asked = _asked(resource, obj)
    for entry in quotas:
        hard = entry.object["spec"].get("hard") or {}
        missing = sorted(n for n in hard if _compute(n) and n not in asked)
        if missing and resource.key == "pods":
            first = obj["spec"]["containers"][0]["name"]
            listed = ",".join(f"{name} for: {first}" for name in missing)
            return f"failed quota: {entry.key[1]}: must specify {listed}"
        used = _used(state, namespace, hard)
        over = sorted(n for n in hard if n in asked and used[n] + asked[n] > amount(hard[n]))
        if over:
            limited = {name: amount(hard[name]) for name in over}
            figures = (("requested", asked), ("used", used), ("limited", limited))
            said = (f"{word}: " + ",".join(f"{name}={shown(rows[name])}" for name in over)
                    for word, rows in figures)  # fmt: skip
            return f"exceeded quota: {entry.key[1]}, {', '.join(said)}"
    return ""


def _compute(name: str) -> bool:
    """Whether a quota on it wants every container to say how much it takes."""
    return name in COMPUTE or name.partition(".")[2] in COMPUTE


def _asked(resource: ApiResource, obj: Obj) -> Usage:
    """What a new object counts for in a quota, by the names that quotas have."""
    total: Usage = _pod_usage(obj["spec"]) if resource.key == "pods" else defaultdict(Decimal)
    total[f"count/{resource.plural}.{resource.group}".rstrip(".")] = Decimal(1)
    if resource.key in COUNTED:
        total[resource.key] = Decimal(1)
    if resource.key == "services":
        kind = obj["spec"].get("type")
        total["services.loadbalancers"] += kind == "LoadBalancer"
        total["services.nodeports"] += kind in {"LoadBalancer", "NodePort"}
    if resource.key == "persistentvolumeclaims":
        requests = (obj["spec"].get("resources") or {}).get("requests") or {}
        total["requests.storage"] += amount(requests.get("storage", "0"))
    return total


def _pod_usage(spec: Obj) -> Usage:
    total: Usage = defaultdict(Decimal)
    total["pods"] = Decimal(1)
    for row in spec["containers"]:
        resources = row.get("resources") or {}
        limits = resources.get("limits") or {}
        requests = {**limits, **(resources.get("requests") or {})}
        for prefix, rows in (("requests", requests), ("limits", limits)):
            for name, value in rows.items():
                total[f"{prefix}.{name}"] += amount(value)
                if prefix == "requests" and name in COMPUTE:
                    total[name] += amount(value)
    return total


def _used(state: ClusterState, namespace: str, hard: Mapping[str, Any]) -> Usage:
    """What there is in a namespace of what a quota limits; pods that have ended do not count."""
    total: Usage = defaultdict(Decimal)
    for resource in resources_of(state):
        counted = f"count/{resource.plural}.{resource.group}".rstrip(".")
        names = {counted, resource.key} | {n for n in hard if n.startswith(f"{resource.key}.")}
        if resource.key == "persistentvolumeclaims":
            names.add("requests.storage")
        if resource.key == "pods" or not names & set(hard):
            continue
        for key, obj in _present(state, resource):
            if key == namespace:
                for name, value in _asked(resource, obj).items():
                    total[name] += value
    found = courses(state)
    for doc in pod_docs(state):
        obj = doc.body["object"]
        end = finished(obj["spec"], found[obj["metadata"]["uid"]])
        if obj["metadata"]["namespace"] == namespace and (end is None or end > state.now):
            for name, value in {**_pod_usage(obj["spec"]), "count/pods": Decimal(1)}.items():
                total[name] += value
    return total


def _present(state: ClusterState, resource: ApiResource) -> list[tuple[str, Obj]]:
    """The objects of a resource with their namespaces. Quotas themselves: as they were written."""
    if resource.key == "resourcequotas":
        rows = [doc.body["object"] for doc in state.written(resource.key)]
        return [(row["metadata"]["namespace"], row) for row in rows]
    return [(entry.key[0], entry.object) for entry in state.entries(resource.key)]


def quota_status(state: ClusterState, doc: Doc) -> Told:
    """What is used of a ResourceQuota."""
    obj = doc.body["object"]
    hard = obj["spec"].get("hard") or {}
    used = _used(state, obj["metadata"]["namespace"], hard)
    return state.now, {"hard": hard, "used": {name: shown(used[name]) for name in hard}}
