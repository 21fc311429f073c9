"""Whether a node's GPU is what was paid for, as a ladder: the lowest failing rung tells most."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ackgpu.cloud.api import KubeNode
from ackgpu.spec import catalog
from ackgpu.spec.catalog import COUNT_LABEL, MEM_LABEL, NAME_LABEL
from ackgpu.spec.model import ExpectSpec

TYPE_LABEL = "node.kubernetes.io/instance-type"
POOL_LABEL = "alibabacloud.com/nodepool-id"
SCHEDULE_LABEL = "ack.node.gpu.schedule"
GPU = "nvidia.com/gpu"
GPU_MEMORY = "aliyun.com/gpu-mem"
SHARED = frozenset({"share", "cgpu", "topology", "mps", "core_mem"})
"""Values of the schedule label with which a GPU is handed out by memory (ACK, GPU sharing)."""
RUNGS = ("ready", "labels", "values", "gpu")
_BOUND = re.compile(r"(>=|<=|>|<|=)?\s*(\d+)")


@dataclass(frozen=True)
class Rung:
    """A rung: passed, failed, or (None) not reached. ``final``: waiting will not mend it."""

    name: str
    passed: bool | None
    message: str = ""
    remedy: str = ""
    final: bool = False


@dataclass(frozen=True)
class NodeVerdict:
    """What the ladder says of a node. ``gpu`` is allocatable of capacity, such as ``1/1``."""

    node: str
    instance_type: str
    zone: str
    rungs: tuple[Rung, ...]
    gpu: str
    gpu_name: str
    gpu_memory: str
    warnings: tuple[str, ...] = ()

    @property
    def failure(self) -> Rung | None:
        """The lowest failing rung."""
        return next((rung for rung in self.rungs if rung.passed is False), None)

    @property
    def ok(self) -> bool:
        """Whether every rung was reached and passed."""
        return all(rung.passed for rung in self.rungs)


def judge(node: KubeNode, expect: ExpectSpec, level: str = "allocatable") -> NodeVerdict:
    """Climb the ladder up to ``level``: labels or allocatable."""
    labels = node.labels
    checks = [_ready(node), _labels(labels), _values(labels, expect)]
    if level != "labels":
        checks.append(_gpu(node, expect))
    rungs: list[Rung] = []
    for rung in checks:
        reached = not rungs or rungs[-1].passed
        rungs.append(rung if reached else Rung(rung.name, None))
    resource = GPU_MEMORY if _shared(labels) else GPU
    return NodeVerdict(
        node=node.name,
        instance_type=labels.get(TYPE_LABEL, ""),
        zone=labels.get("topology.kubernetes.io/zone", ""),
        rungs=tuple(rungs),
        gpu=f"{node.allocatable.get(resource, '0')}/{node.capacity.get(resource, '0')}",
        gpu_name=labels.get(NAME_LABEL, ""),
        gpu_memory=labels.get(MEM_LABEL, ""),
        warnings=_warnings(labels),
    )


def _ready(node: KubeNode) -> Rung:
    message = f"the node is not Ready: {node.not_ready_reason or 'no reason given'}"
    remedy = "kubectl describe node shows the kubelet's conditions; ackgpu describe --events, ACK's"
    return Rung("ready", node.ready, "" if node.ready else message, remedy)


def _labels(labels: Mapping[str, str]) -> Rung:
    absent = [key for key in (COUNT_LABEL, MEM_LABEL, NAME_LABEL) if key not in labels]
    message = f"without the label {', '.join(absent)}" if absent else ""
    remedy = (
        "the bootstrap script sets them from nvidia-smi: without them the driver was not loaded"
        " when the node joined; replace the node"
    )
    return Rung("labels", not absent, message, remedy)


def _values(labels: Mapping[str, str], expect: ExpectSpec) -> Rung:
    wrong = _wrong_values(labels, expect)
    type_id = labels.get(TYPE_LABEL, "the type")
    message = "; ".join(f"{key} is {has}; {type_id} should show {want}" for key, has, want in wrong)
    remedy = "the node runs another slice than its type says: replace it, or report the instance"
    return Rung("values", not wrong, message, remedy, final=bool(wrong))


def _wrong_values(labels: Mapping[str, str], expect: ExpectSpec) -> list[tuple[str, str, str]]:
    wrong: list[tuple[str, str, str]] = []
    name, memory = labels.get(NAME_LABEL, ""), labels.get(MEM_LABEL, "")
    known = catalog.expected_labels(labels.get(TYPE_LABEL, ""))
    if labels.get(COUNT_LABEL) != str(expect.count):
        wrong.append((COUNT_LABEL, labels.get(COUNT_LABEL, ""), str(expect.count)))
    if expect.name and name != expect.name:
        wrong.append((NAME_LABEL, name, expect.name))
    if expect.mem_mib and not _within(memory, expect.mem_mib):
        wrong.append((MEM_LABEL, memory, f"{expect.mem_mib}MiB"))
    if known is None or not expect.from_instance_table:
        return wrong
    if not expect.mem_mib and not known.accepts_mem(memory):
        wrong.append((MEM_LABEL, memory, known.nvidia_mem))
    if not expect.name and known.confidence == "documented" and name != known.nvidia_name:
        wrong.append((NAME_LABEL, name, known.nvidia_name))
    return wrong


def _warnings(labels: Mapping[str, str]) -> tuple[str, ...]:
    known = catalog.expected_labels(labels.get(TYPE_LABEL, ""))
    name = labels.get(NAME_LABEL, "")
    if known is None:
        return (f"{labels.get(TYPE_LABEL, 'its type')} is not in ackgpu's table of GPU types",)
    if known.confidence != "derived" or not name or name == known.nvidia_name:
        return ()
    return (
        f"{NAME_LABEL} is {name}; {known.nvidia_name} was expected, by derivation, not by document",
    )


def _gpu(node: KubeNode, expect: ExpectSpec) -> Rung:
    resource = GPU_MEMORY if _shared(node.labels) else GPU
    wanted = 1 if resource == GPU_MEMORY else expect.count
    for word, amounts in (("capacity", node.capacity), ("allocatable", node.allocatable)):
        has = amounts.get(resource, "0")
        if not has.isdigit() or int(has) < wanted:
            message = f"{word} {resource} is {has}, at least {wanted} was expected"
            remedy = (
                "the device plugin reports the GPU about 90 s after the node is Ready; if it stays"
                " so, look at its pod: kubectl -n kube-system get pods -o wide"
            )
            return Rung("gpu", passed=False, message=message, remedy=remedy)
    return Rung("gpu", passed=True)


def _shared(labels: Mapping[str, str]) -> bool:
    return labels.get(SCHEDULE_LABEL, "") in SHARED


def _within(label: str, bound: str) -> bool:
    match = _BOUND.fullmatch(bound.removesuffix("MiB").strip())
    if not label.removesuffix("MiB").isdigit() or match is None:
        return False
    value, limit = int(label.removesuffix("MiB")), int(match.group(2))
    match match.group(1):
        case ">=":
            return value >= limit
        case "<=":
            return value <= limit
        case ">":
            return value > limit
        case "<":
            return value < limit
        case _:
            return value == limit
