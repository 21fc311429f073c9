"""PodDisruptionBudgets, and evictions that they stand against.

Figures and words are the disruption controller's and the eviction subresource's (Kubernetes,
``pkg/controller/disruption``, ``pkg/registry/core/pod/storage/eviction.go``).
"""

from __future__ import annotations

from ackgpu.emulator.kube.objects import Obj, controller_of, labels_of, told
from ackgpu.emulator.kube.selectors import matches
from ackgpu.emulator.kube.state import ClusterState, Told
from ackgpu.emulator.kube.status import KubeError
from ackgpu.emulator.shared.quantities import share_of
from ackgpu.emulator.store import Doc

MESSAGE = "Cannot evict pod as it would violate the pod's disruption budget."
FREE = frozenset({"Pending", "Succeeded", "Failed"})
"""Phases of pods that serve nobody: no budget stands against their eviction."""


def budget_status(state: ClusterState, doc: Doc) -> Told:
    """How many disruptions a PodDisruptionBudget allows now."""
    status = _status(state, doc.body["object"])
    allowed = status["disruptionsAllowed"] > 0
    reason = "SufficientPods" if allowed else "InsufficientPods"
    row = {**told(reason, state.stamp(doc.created_at)), "observedGeneration": 1}
    return state.now, {**status, "conditions": [row]}


def require_leave(state: ClusterState, pod: Obj) -> None:
    """Refuse with 429 an eviction that would leave a budget with too few healthy pods."""
    if pod["status"]["phase"] in FREE:
        return
    namespace = pod["metadata"]["namespace"]
    budgets = [entry.object for entry in state.within(namespace, "poddisruptionbudgets")]
    budgets = [budget for budget in budgets if _covers(budget, pod)]
    if len(budgets) > 1:
        text = (
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does"
            " not support."
        )
        raise KubeError(500, "InternalError", text)
    for budget in budgets:
        _require(budget, pod)


def _require(budget: Obj, pod: Obj) -> None:
    status = budget["status"]
    healthy, desired = status["currentHealthy"], status["desiredHealthy"]
    policy = budget["spec"].get("unhealthyPodEvictionPolicy", "IfHealthyBudget")
    if not _ready(pod) and (policy == "AlwaysAllow" or healthy >= desired > 0):
        return
    if status["disruptionsAllowed"] > 0:
        return
    name = budget["metadata"]["name"]
    why = f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
    causes = [{"reason": "DisruptionBudget", "message": why}]
    raise KubeError(429, "TooManyRequests", MESSAGE, details={"causes": causes})


def _status(state: ClusterState, budget: Obj) -> Obj:
    namespace = budget["metadata"]["namespace"]
    pods = [e.object for e in state.within(namespace, "pods") if _covers(budget, e.object)]
    spec, expected = budget["spec"], _expected(state, pods)
    if "maxUnavailable" in spec:
        desired = max(0, expected - share_of(spec["maxUnavailable"], expected))
    else:
        desired = share_of(spec.get("minAvailable", 0), expected)
    healthy = sum(_ready(pod) for pod in pods)
    return {
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "disruptionsAllowed": max(0, healthy - desired),
        "expectedPods": expected,
        "observedGeneration": budget["metadata"].get("generation", 1),
    }


def _expected(state: ClusterState, pods: list[Obj]) -> int:
    """How many pods there should be: what their controllers want, and the pods without one."""
    owners = {uid for pod in pods if (uid := (controller_of(pod) or {}).get("uid"))}
    wanted = sum(
        int(entry.object["spec"]["replicas"])
        for plural in ("replicasets", "statefulsets")
        for entry in state.entries(plural)
        if entry.uid in owners
    )
    return wanted + sum(controller_of(pod) is None for pod in pods)


def _covers(budget: Obj, pod: Obj) -> bool:
    selector = budget["spec"].get("selector")
    return selector is not None and matches(selector, labels_of(pod))


def _ready(pod: Obj) -> bool:
    if "deletionTimestamp" in pod["metadata"]:
        return False
    rows = pod["status"].get("conditions") or []
    return any(row["type"] == "Ready" and row["status"] == "True" for row in rows)
