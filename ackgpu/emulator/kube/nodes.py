"""Kubernetes nodes, from ACK's node documents: a function of the timeline and of what clients set.

A document of kind ``node`` says ``node_name``, ``instance_id``, ``instance_type``, ``ip_address``,
``pod_cidr``, ``labels``, ``gpu_labels``, ``taints``, ``gpu`` and the course: ``t_join`` (the
kubelet registers), ``t_ready``, ``t_gpu`` (driver and device plugin are up); a moment that is None
or left out never comes. The ``gpu_labels`` and the allocatable GPU show from ``t_gpu`` on; a node
whose ``gpu`` is None or left out has none, whatever its instance type.

What a real kubelet reports is the source of the shapes (Kubernetes documentation, "Node Status");
reserved resources follow ACK's "Resource reservation policy" page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ackgpu.emulator.kube.node_report import images, managed_fields
from ackgpu.emulator.kube.objects import Obj, condition, told, uid_of
from ackgpu.emulator.kube.state import ClusterState, StoredObject, version_at
from ackgpu.emulator.shared.catalog import instance_type
from ackgpu.emulator.shared.gpus import Gpu
from ackgpu.emulator.shared.merge_patches import merge_patch
from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc

SCHEDULE_LABEL = "ack.node.gpu.schedule"
SHARED_SCHEDULES = frozenset({"share", "cgpu", "core_mem", "mps"})
"""Values of the schedule label under which memory is scheduled (ACK GPU sharing)."""
WHOLE_SCHEDULES = frozenset({"default", "topology"})
"""Values under which whole devices are; any other selects no device plugin."""
HEARTBEAT = 300  # seconds between status reports of a kubelet whose state does not change
DISK_KIB = 41152812
NOT_READY = "node.kubernetes.io/not-ready"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
CALM = ("KubeletHasSufficientMemory", "KubeletHasNoDiskPressure", "KubeletHasSufficientPID")


@dataclass(frozen=True)
class NodeFacts:
    """What scheduling needs to know of a node. Moments are None where they never come.

    ``changed``: when a client changed it last. ``shows_gpu``: whether its bootstrap is over.
    """

    doc: Doc
    name: str
    index: int
    joined: float
    ready: float | None
    gpu_ready: float | None
    gpu: Gpu | None
    labels: dict[str, str]
    taints: list[Obj]
    unschedulable: bool
    changed: float
    shows_gpu: bool
    capacity: dict[str, str]
    allocatable: dict[str, str]

    @property
    def schedule(self) -> str:
        """What the schedule label says, or will say once the bootstrap is over.

        A device plugin's DaemonSet selects its nodes by it: no plugin has ``disabled``.
        """
        brought = self.labels if self.shows_gpu else self.doc.body.get("gpu_labels") or {}
        return self.labels.get(SCHEDULE_LABEL, "") or str(brought.get(SCHEDULE_LABEL, ""))

    @property
    def shared(self) -> bool:
        """Whether GPU memory is scheduled instead of whole devices."""
        return self.labels.get(SCHEDULE_LABEL, "") in SHARED_SCHEDULES

    def is_ready(self, now: float) -> bool:
        """Whether the kubelet is Ready."""
        return self.ready is not None and self.ready <= now

    def has_gpu(self, now: float) -> bool:
        """Whether driver and device plugin have come up."""
        return self.gpu is not None and self.gpu_ready is not None and self.gpu_ready <= now

    @property
    def address(self) -> str:
        """The instance's private address."""
        return str(self.doc.body["ip_address"])


def facts(state: ClusterState) -> list[NodeFacts]:
    """Every node registered now, in the order of their documents' birth."""
    found: list[NodeFacts] = []
    for index, doc in enumerate(state.node_docs):
        joined = moment(doc, "t_join", doc.created_at)
        if joined is None or not doc.alive(state.now) or joined > state.now:
            continue
        row = _facts(state, doc, index, joined)
        if row is not None:
            found.append(row)
    return found


def moment(doc: Doc, key: str, default: float | None = None) -> float | None:
    """A moment of a node's course."""
    value = doc.body.get(key, default)
    return None if value is None else float(value)


def _facts(state: ClusterState, doc: Doc, index: int, joined: float) -> NodeFacts | None:
    name = str(doc.body["node_name"])
    overlay = state.documents("nodes").get(("", name))
    changed, delta = 0.0, {}
    # kubectl delete node hides the node; its instance runs on, and the document with it.
    if overlay is not None and overlay.body.get("uid") == node_uid(state, doc):
        if not overlay.alive(state.now):
            return None
        changed, delta = float(overlay.body["at"]), overlay.body["delta"]
    record = doc.body.get("gpu")
    gpu = Gpu.of(record) if record else None
    gpu_ready = moment(doc, "t_gpu") if gpu else None
    shows_gpu = gpu_ready is not None and gpu_ready <= state.now
    labels = _labels(doc, name, shows_gpu=shows_gpu)
    spec = delta.get("spec") or {}
    labels = merge_patch(labels, (delta.get("metadata") or {}).get("labels") or {})
    taints = spec["taints"] if "taints" in spec else doc.body.get("taints")
    capacity, allocatable = _machine(str(doc.body.get("instance_type", "")))
    row = NodeFacts(
        doc=doc,
        name=name,
        index=index,
        joined=joined,
        ready=moment(doc, "t_ready"),
        gpu_ready=gpu_ready,
        gpu=gpu,
        labels=labels,
        taints=taints or [],
        unschedulable=bool(spec.get("unschedulable", doc.body.get("unschedulable", False))),
        changed=changed,
        shows_gpu=shows_gpu,
        capacity=capacity,
        allocatable=allocatable,
    )
    _add_devices(state, row)
    return row


def _labels(doc: Doc, name: str, *, shows_gpu: bool) -> dict[str, str]:
    labels = {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux"}
    labels |= {"kubernetes.io/hostname": name} | doc.body["labels"]
    return labels | (doc.body.get("gpu_labels") or {}) if shows_gpu else labels


def _machine(type_id: str) -> tuple[dict[str, str], dict[str, str]]:
    """Capacity and allocatable of a machine without devices."""
    kind = instance_type(type_id) or {"cpu": 4, "memory": 8.0}
    cores, total = int(kind["cpu"]), int(kind["memory"] * 1024 * 1024 * 0.966)
    # A /26 share, the default with Flannel, holds as many addresses.
    pods = 64
    reserved_cpu = 60 + 10 * (cores > 1) + 5 * max(0, min(cores, 4) - 2) + 2.5 * max(0, cores - 4)
    reserved = min((11 * pods + 255) * 1024, total // 4) + 100 * 1024
    capacity = {
        "cpu": str(cores),
        "ephemeral-storage": f"{DISK_KIB}Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": f"{total}Ki",
        "pods": str(pods),
    }
    allocatable = {
        **capacity,
        "cpu": f"{int(cores * 1000 - reserved_cpu)}m",
        "ephemeral-storage": str(int(DISK_KIB * 1024 * 0.9)),
        "memory": f"{total - reserved}Ki",
    }
    return capacity, allocatable


def _add_devices(state: ClusterState, row: NodeFacts) -> None:
    """What the device plugin registers: devices, or GiB of GPU memory if it is shared."""
    if row.gpu is None or not row.has_gpu(state.now) or plugin_down(state, row):
        return
    if row.schedule not in WHOLE_SCHEDULES | SHARED_SCHEDULES:
        return
    given = row.doc.body.get("gpu") or {}
    if row.shared:
        gib = row.gpu.memory_mib // 1024 * row.gpu.count
        devices = {"aliyun.com/gpu-count": str(row.gpu.count), "aliyun.com/gpu-mem": str(gib)}
    else:
        devices = {"nvidia.com/gpu": str(row.gpu.count)}
    row.capacity.update(devices)
    row.allocatable.update(devices)
    fault = state.fault("gpu_allocatable", node=row.name, index=row.index)
    offered = fault["value"] if fault else given.get("allocatable", row.gpu.count)
    if offered != row.gpu.count:
        row.allocatable.update(dict.fromkeys(devices, str(offered)))


def plugin_down(state: ClusterState, row: NodeFacts) -> bool:
    """Whether the device plugin of the node has failed, by its document or by a fault."""
    if (row.doc.body.get("gpu") or {}).get("plugin_down"):
        return True
    return state.fault("plugin_down", node=row.name, index=row.index) is not None


def node_uid(state: ClusterState, doc: Doc) -> str:
    """The uid of the node that a document stands for."""
    return uid_of(state.id, "node", doc.id)


def entries(state: ClusterState) -> list[StoredObject]:
    """The nodes registered now."""
    return [_entry(state, row) for row in facts(state)]


def _entry(state: ClusterState, row: NodeFacts) -> StoredObject:
    now = state.now
    moments = [row.joined, *(m for m in (row.ready, row.gpu_ready) if m is not None and m <= now)]
    # A multiple since the join, so that reading twice within the interval shows the same version.
    heartbeat = row.joined + (now - row.joined) // HEARTBEAT * HEARTBEAT
    stamp, transition = state.stamp, max(moments)
    return StoredObject(
        key=("", row.name),
        uid=node_uid(state, row.doc),
        created=version_at(row.joined),
        version=version_at(max(transition, heartbeat)),
        build=lambda: _node(state, row, stamp(row.joined), stamp(max(transition, heartbeat))),
        # After the client's delta: the node controller's taints stand beside whatever a client set.
        finish=lambda node: _with_taints(node, row, now),
    )


def _node(state: ClusterState, row: NodeFacts, created: str, heard: str) -> Obj:
    body = row.doc.body
    cidr = body.get("pod_cidr")
    annotations = {
        "csi.volume.kubernetes.io/nodeid": "{"
        f'"diskplugin.csi.alibabacloud.com":"{body.get("instance_id", row.doc.id)}"'
        "}",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    }
    spec: Obj = {"providerID": f"{row.doc.region}.{body.get('instance_id', row.doc.id)}"}
    if cidr:
        spec.update(podCIDR=cidr, podCIDRs=[cidr])
    if body.get("taints"):
        spec["taints"] = body["taints"]
    if body.get("unschedulable"):
        spec["unschedulable"] = True
    shows_gpu = row.has_gpu(state.now)
    node: Obj = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": row.name,
            "uid": node_uid(state, row.doc),
            "creationTimestamp": created,
            "labels": _labels(row.doc, row.name, shows_gpu=shows_gpu),
            "annotations": annotations,
        },
        "spec": spec,
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": row.address},
                {"type": "Hostname", "address": row.name},
            ],
            "allocatable": row.allocatable,
            "capacity": row.capacity,
            "conditions": _conditions(state, row, created, heard),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": images(row.doc.region),
            "nodeInfo": _node_info(state, row),
        },
    }
    node["metadata"]["managedFields"] = managed_fields(node, created, heard)
    return node


def _conditions(state: ClusterState, row: NodeFacts, created: str, heard: str) -> list[Obj]:
    def at(found: Obj) -> Obj:
        return {"lastTransitionTime": created, **found, "lastHeartbeatTime": heard}

    given = row.doc.body.get("not_ready") or {}
    rows = [at(told(why, created)) for why in CALM]
    rows = [each for each in rows if each["type"] != given.get("condition")]
    if row.is_ready(state.now) and row.ready is not None:
        return [*rows, at(told("KubeletReady", state.stamp(row.ready)))]
    unready = {**told("KubeletNotReady", created), **given}
    reason, text = str(unready["reason"]), str(unready["message"])
    if given.get("condition"):
        rows.append(at(condition(given["condition"], holds=True, reason=reason, message=text)))
        text = "kubelet stopped admitting pods"
    return [*rows, at(condition("Ready", holds=False, reason=reason, message=text))]


def _kubelet_version(doc: Doc, now: float) -> str:
    """The version of its kubelet now: an upgrade shows when it is over."""
    ahead = doc.body.get("kubelet_upgrade")
    if ahead and not ahead.get("held") and ahead["at"] <= now:
        return str(ahead["version"])
    return str(doc.body.get("kubelet_version") or "")


def _node_info(state: ClusterState, row: NodeFacts) -> Obj:
    seed = row.doc.id
    version = f"v{_kubelet_version(row.doc, state.now) or state.kubernetes_version}"
    machine = uid_of(state.id, "machine", seed)
    return {
        **table("kube/system")["node_info"],
        "bootID": uid_of(state.id, "boot", seed),
        "containerRuntimeVersion": f"containerd://{row.doc.body.get('runtime_version') or '2.1.5'}",
        "kubeProxyVersion": version,
        "kubeletVersion": version,
        "machineID": machine.replace("-", ""),
        "systemUUID": machine,
    }


def _with_taints(node: Obj, row: NodeFacts, now: float) -> Obj:
    """The node with the taints that the node controller adds for its state."""
    spec: dict[str, Any] = node["spec"]
    taints = list(spec.get("taints") or [])
    if not row.is_ready(now):
        taints.append({"key": NOT_READY, "effect": "NoSchedule"})
    if spec.get("unschedulable"):
        taints.append({"key": UNSCHEDULABLE, "effect": "NoSchedule"})
    if not taints:
        return {**node, "spec": {key: value for key, value in spec.items() if key != "taints"}}
    return {**node, "spec": {**spec, "taints": taints}}


def leave_out_computed(node: Obj) -> None:
    """Take from a node the taints that follow from its state."""
    rows = node["spec"].pop("taints", None) or []
    own = [row for row in rows if row["key"] not in {NOT_READY, UNSCHEDULABLE}]
    if own:
        node["spec"]["taints"] = own
