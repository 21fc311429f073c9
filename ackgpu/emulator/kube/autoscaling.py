"""HorizontalPodAutoscalers: their bounds, their status, and version v1 of them.

The controller holds its target between ``minReplicas`` and ``maxReplicas`` and tells what it sees.
What containers use is steady here (:mod:`ackgpu.emulator.kube.metrics`), so nothing scales by load.
"""

from __future__ import annotations

import copy
import math

from ackgpu.emulator.kube.metrics import container_usage
from ackgpu.emulator.kube.object_store import store_again
from ackgpu.emulator.kube.objects import Obj, condition
from ackgpu.emulator.kube.quantities import amount, shown
from ackgpu.emulator.kube.state import ClusterState, StoredObject, written_entry
from ackgpu.emulator.store import Doc

KEY = "horizontalpodautoscalers"
TARGETS = {"Deployment": "deployments", "ReplicaSet": "replicasets"}
UTILIZATION = "targetCPUUtilizationPercentage"


def upgraded(obj: Obj) -> Obj:
    """An autoscaler of autoscaling/v1 as one of v2, which is what is stored."""
    if obj.get("apiVersion") != "autoscaling/v1":
        return obj
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


def as_asked(version: str, body: Obj) -> Obj:
    """An answer about autoscalers in the version that was requested."""
    if version != "autoscaling/v1":
        return body
    if body.get("kind") == "HorizontalPodAutoscalerList":
        return {**body, "apiVersion": version, "items": [downgraded(row) for row in body["items"]]}
    return downgraded(body) if body.get("kind") == "HorizontalPodAutoscaler" else body


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


def entries(state: ClusterState) -> list[StoredObject]:
    """Every autoscaler, with what it sees of its target."""
    return [written_entry(doc, state.now, _status(state, doc)) for doc in state.written(KEY)]


def _status(state: ClusterState, doc: Doc) -> Obj:
    obj = doc.body["object"]
    plural, name = _target(obj)
    namespace = obj["metadata"]["namespace"]
    entry = state.entry(plural, (namespace, name)) if plural else None
    if entry is None:
        kind = obj["spec"]["scaleTargetRef"]["kind"]
        text = "the HPA controller was unable to get the target's current scale:"
        text = f'{text} {kind} "{name}" not found'
        rows = [condition("AbleToScale", holds=False, reason="FailedGetScale", message=text)]
        return {"currentReplicas": 0, "desiredReplicas": 0, "conditions": _since(state, doc, rows)}
    replicas = entry.object["status"].get("replicas", 0)
    used, each, why = _utilization(entry.object)
    text = "recommended size matches current size"
    rows = [condition("AbleToScale", holds=True, reason="ReadyForNewScale", message=text)]
    status: Obj = {"currentReplicas": replicas, "desiredReplicas": entry.object["spec"]["replicas"]}
    if why:
        text = f"the HPA was unable to compute the replica count: {why}"
        row = condition(
            "ScalingActive", holds=False, reason="FailedGetResourceMetric", message=text
        )
        return {**status, "conditions": _since(state, doc, [*rows, row])}
    text = (
        "the HPA was able to successfully calculate a replica count from cpu resource utilization"
        " (percentage of request)"
    )
    rows.append(condition("ScalingActive", holds=True, reason="ValidMetricFound", message=text))
    text = "the desired count is within the acceptable range"
    rows.append(condition("ScalingLimited", holds=False, reason="DesiredWithinRange", message=text))
    current = {"averageUtilization": used, "averageValue": each}
    status["currentMetrics"] = [
        {"type": "Resource", "resource": {"name": "cpu", "current": current}}
    ]
    return {**status, "conditions": _since(state, doc, rows)}


def _since(state: ClusterState, doc: Doc, rows: list[Obj]) -> list[Obj]:
    return [{**row, "lastTransitionTime": state.stamp(doc.created_at)} for row in rows]


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
