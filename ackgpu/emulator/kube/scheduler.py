"""The scheduler: which node a pod gets, and when; or why none.

Filters and their words are kube-scheduler's (plugins NodeUnschedulable, NodeName, TaintToleration,
NodeAffinity, NodeResourcesFit, in this order; the first that fails gives the reason).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from ackgpu.emulator.kube.nodes import NOT_READY, NodeFacts
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.selectors import expression
from ackgpu.emulator.shared.quantities import amount

Amounts = dict[str, Decimal]
DEVICES = ("nvidia.com/gpu", "aliyun.com/gpu-mem", "aliyun.com/gpu-count")
BLOCKING = frozenset({"NoSchedule", "NoExecute"})


@dataclass
class Load:
    """A node, and what the pods on it take: each (from, until, amounts); until None is for ever."""

    node: NodeFacts
    allocatable: Amounts
    taken: list[tuple[float, float | None, Amounts]] = field(default_factory=list)

    def free_at(self, at: float) -> Amounts:
        """What is left at a moment; later reservations count too, so that they stay possible."""
        left = dict(self.allocatable)
        for _, until, amounts in self.taken:
            if until is None or until > at:
                for name, value in amounts.items():
                    left[name] = left.get(name, Decimal(0)) - value
        return left

    def releases(self) -> list[float]:
        """When pods on it end."""
        return sorted(until for _, until, _ in self.taken if until is not None)


def requests_of(spec: Obj) -> Amounts:
    """What a pod asks of its node: its containers together, or its largest init container."""
    total: Amounts = {}
    for container in spec["containers"]:
        for name, value in _asked(container).items():
            total[name] = total.get(name, Decimal(0)) + value
    for container in spec.get("initContainers") or []:
        for name, value in _asked(container).items():
            # They run before the containers, and one at a time.
            total[name] = max(total.get(name, Decimal(0)), value)
    # A pod takes one of the node's places, which are a resource as any other.
    return {**total, "pods": Decimal(1)}


def _asked(container: Obj) -> Amounts:
    resources = container.get("resources") or {}
    # A request that is left out is the limit (Kubernetes documentation, container resources).
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: amount(value) for name, value in asked.items()}


def earliest(spec: Obj, asked: Amounts, load: Load, since: float) -> float | None:
    """When the pod could first go onto the node; None where that never comes as things stand."""
    node = load.node
    if rejection(spec, node) or node.ready is None:
        return None
    # A change of a label or a cordon counts only from its own time on.
    start = max(since, node.joined, node.ready, node.changed)
    if any(name in DEVICES for name in asked):
        if node.gpu_ready is None:
            return None
        start = max(start, node.gpu_ready)
    for moment in [start, *(end for end in load.releases() if end > start)]:
        free = load.free_at(moment)
        if all(free.get(name, Decimal(0)) >= value for name, value in asked.items()):
            return moment
    return None


def rejection(spec: Obj, node: NodeFacts) -> str:
    """Why the node is out of the question whatever it has free; empty where it is not."""
    if spec.get("resourceClaims"):
        return "cannot allocate all claims"  # no node has a driver for devices
    tolerations = spec.get("tolerations") or []
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if node.unschedulable and not any(tolerates(row, cordon) for row in tolerations):
        return "node(s) were unschedulable"
    for taint in node.taints:
        blocks = taint.get("effect") in BLOCKING
        if blocks and not any(tolerates(row, taint) for row in tolerations):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    if not _selected(spec, node):
        return "node(s) didn't match Pod's node affinity/selector"
    return ""


def tolerates(toleration: Obj, taint: Obj) -> bool:
    """Whether a toleration covers a taint."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in {None, "", taint["key"]}
    same_value = (toleration.get("value") or "") == (taint.get("value") or "")
    return toleration.get("key") == taint["key"] and same_value


def _selected(spec: Obj, node: NodeFacts) -> bool:
    wanted = spec.get("nodeSelector") or {}
    if any(node.labels.get(key) != value for key, value in wanted.items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(
        all(expression(row, node.labels) for row in term.get("matchExpressions") or [])
        and all(node.name in row["values"] for row in term.get("matchFields") or [])
        for term in required.get("nodeSelectorTerms") or []
    )


def explain(spec: Obj, asked: Amounts, loads: list[Load], now: float) -> str:
    """Why no node takes the pod now, as the scheduler says it."""
    if not loads:
        return "no nodes available to schedule pods"
    total = len(loads)
    reasons: Counter[str] = Counter()
    hopeless = 0
    for load in loads:
        found, resolvable = _reasons(spec, asked, load, now)
        reasons.update(found)
        hopeless += not resolvable
    why = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    outlook = {
        "No preemption victims found for incoming pod": total - hopeless,
        "Preemption is not helpful for scheduling": hopeless,
    }
    said = ", ".join(sorted(f"{count} {text}" for text, count in outlook.items() if count))
    head = f"0/{total} nodes are available"
    return f"{head}: {why}. preemption: {head}: {said}."


def _reasons(spec: Obj, asked: Amounts, load: Load, now: float) -> tuple[list[str], bool]:
    """A node's reasons, and whether removing pods from it could change them."""
    node = load.node
    why = rejection(spec, node)
    if not why and not node.is_ready(now):
        why = f"node(s) had untolerated taint {{{NOT_READY}: }}"
    if why:
        return [why], False
    free = load.free_at(now)
    short = [name for name, value in asked.items() if free.get(name, Decimal(0)) < value]
    # Preemption helps only if the node could hold the pod when it is empty.
    possible = all(load.allocatable.get(name, Decimal(0)) >= asked[name] for name in short)
    return ["Too many pods" if n == "pods" else f"Insufficient {n}" for n in short], possible
