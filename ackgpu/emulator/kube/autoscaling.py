"""HorizontalPodAutoscalers: their bounds, their status, and version v1 of them.

The controller holds its target between ``minReplicas`` and ``maxReplicas`` and tells what it sees.
What containers use is steady here (:mod:`ackgpu.emulator.kube.metrics`), so nothing scales by load.
"""

from __future__ import annotations

import copy
import math

from ackgpu.emulator.kube.metrics import container_usage
from ackgpu.emulator.kube.object_store import store_again
from ackgpu.emulator.kube.objects import Obj, told
from ackgpu.emulator.kube.state import ClusterState, Told
from ackgpu.emulator.shared.quantities import amount, shown
from ackgpu.emulator.store import Doc

KEY = "horizontalpodautoscalers"
TARGETS = {"Deployment": "deployments", "ReplicaSet": "replicasets", "StatefulSet": "statefulsets"}
UTILIZATION = "targetCPUUtilizationPercentage"


def upgraded(obj: Obj) -> Obj:
    """An autoscaler of autoscaling/v1 as one of v2, which is what is stored."""
    spec = copy.deepcopy(obj.get("spec") or {})
    percent = spec.pop(UTILIZATION, None)
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return {**obj, "apiVersion": "autoscaling/v2", "spec": spec}


def downgraded(obj: Obj) -> Obj:
    """An autoscaler as autoscaling/v1 shows it: of its metrics only the CPU."""
    spec, status = copy.deepcopy(obj["spec"]), copy.deepcopy(obj.get("status") or {})
    for row in spec.pop("metrics", []):
        resource = row.get("resource") or {}
        if resource.get("name") == "cpu":
            spec[UTILIZATION] = resource["target"].get("averageUtilization")
    for row in status.pop("currentMetrics", []):
        status["currentCPUUtilizationPercentage"] = row["resource"]["current"].get(
            "averageUtilization"
        )
    status.pop("conditions", None)
    return {**obj, "apiVersion": "autoscaling/v1", "spec": spec, "status": status}


def _target(obj: Obj) -> tuple[str, str]:
    named = obj["spec"]["scaleTargetRef"]
    return TARGETS.get(named["kind"], ""), named["name"]


def hold_bounds(state: ClusterState) -> bool:
    """Bring targets within their bounds; whether any was outside."""
    moved = False
    for doc in state.written(KEY):
        obj = doc.body["object"]
        plural, name = _target(obj)
        key = (obj["metadata"]["namespace"], name)
        target = state.documents(plural).get(key) if plural else None
        if target is None or not target.alive(state.now):
            continue
        spec = target.body["object"]["spec"]
        wanted = min(max(spec["replicas"], obj["spec"]["minReplicas"]), obj["spec"]["maxReplicas"])
        if spec["replicas"] not in {0, wanted}:
            spec["replicas"], moved = wanted, True
            target.body["object"]["metadata"]["generation"] += 1
            doc.body["scaled"] = state.now
            store_again(state, target)
            state.session.put(doc)
    return moved


def status(state: ClusterState, doc: Doc) -> Told:
    """What an autoscaler sees of its target."""
    return state.now, _seen(state, doc)


def _seen(state: ClusterState, doc: Doc) -> Obj:
    obj, since = doc.body["object"], state.stamp(doc.created_at)
    plural, name = _target(obj)
    entry = state.entry(plural, (obj["metadata"]["namespace"], name)) if plural else None
    if entry is None:
        row = told("FailedGetScale", since, kind=obj["spec"]["scaleTargetRef"]["kind"], name=name)
        return {"currentReplicas": 0, "desiredReplicas": 0, "conditions": [row]}
    target = entry.object
    used, each, why = _utilization(target)
    rows = [told("ReadyForNewScale", since)]
    status: Obj = {"conditions": rows, "currentReplicas": target["status"].get("replicas", 0)}
    status["desiredReplicas"] = target["spec"]["replicas"]
    if why:
        rows.append(told("FailedGetResourceMetric", since, why=why))
        return status
    rows += [told("ValidMetricFound", since), told("DesiredWithinRange", since)]
    current = {"averageUtilization": used, "averageValue": each}
    status["currentMetrics"] = [
        {"type": "Resource", "resource": {"name": "cpu", "current": current}}
    ]
    return status


def _utilization(target: Obj) -> tuple[int, str, str]:
    """The share of its CPU requests and the cores that a target's pod takes; or why not known."""
    used = asked = amount("0")
    for row in target["spec"]["template"]["spec"]["containers"]:
        request = ((row.get("resources") or {}).get("requests") or {}).get("cpu")
        if request is None:
            why = f"missing request for cpu in container {row['name']} of Pod"
            return 0, "", f"failed to get cpu utilization: {why}"
        asked += amount(request)
        used += container_usage(row)[0]
    return math.floor(used / asked * 100), shown(used), ""
