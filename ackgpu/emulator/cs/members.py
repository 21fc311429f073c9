"""The nodes of clusters: made with their instance and route, and removed with them.

A node's document is what the Kubernetes API of the cluster shows it from. Its times say when it
joins (``t_join``), is Ready (``t_ready``) and shows its GPU (``t_gpu``); None is never. ``labels``
are there when it joins, ``gpu_labels`` from ``t_gpu`` on. ``gpu`` is None without a GPU, else its
name, memory_mib, count, driver, cuda, and how many are ``allocatable``.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from ackgpu.emulator.cs import drivers, durations, gpus
from ackgpu.emulator.cs.faults import NEVER_JOINED, NEVER_READY, apply_faults
from ackgpu.emulator.cs.states import NODE
from ackgpu.emulator.cs.tables import image_ends, runtime_version
from ackgpu.emulator.ecs.billing_methods import charge_type
from ackgpu.emulator.ecs.instances import remove_instance
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.ess.activities import record_scale_in
from ackgpu.emulator.operation import Call
from ackgpu.emulator.reachability import to_api_server
from ackgpu.emulator.shared.lifecycle import state_at
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.route_entries import make_route_entry, remove_route_entry

ROUTE_FREED = 10.0
"""Seconds until the place of a removed route entry can be taken."""
CGROUP_V1 = (
    'kubelet: E1130 run.go:72] "command failed" err="failed to run Kubelet: kubelet is configured'
    ' to not run on a host using cgroup v1"'
)
"""How a kubelet of 1.35 ends on such a host (Kubernetes, KEP 5573)."""


@dataclass(frozen=True)
class Joining:
    """How an instance comes into a pool.

    When (instance, join, Ready, GPU), as which of the pool's nodes, and from where: ``ess`` made
    it, ``ess_attach`` took an existing one.
    """

    times: tuple[float, float, float, float]
    index: int
    source: str = "ess"


def lasting_nodes(call: Call, cluster_id: str, pool_id: str | None = None) -> list[Doc]:
    """The nodes that exist or are on their way; those whose removal has begun are not counted."""
    rows = call.docs.find("node", scope=cluster_id)
    return [
        node
        for node in rows
        if node.deleted_at is None and (pool_id is None or node.body["nodepool_id"] == pool_id)
    ]


def offline(call: Call, nodes: list[Doc]) -> set[str]:
    """The nodes whose instance is gone: somebody released it behind the cluster's back."""
    ends = call.docs.ends("instance", [node.body["instance_id"] for node in nodes])
    running = {key for key, end in ends.items() if end is None or end > call.now}
    return {node.id for node in nodes if node.body["instance_id"] not in running}


def visible_nodes(call: Call, cluster_id: str, pool_id: str | None = None) -> list[Doc]:
    """The nodes that exist now, those being removed among them."""
    rows = call.docs.find("node", at=call.now, scope=cluster_id)
    return [node for node in rows if pool_id is None or node.body["nodepool_id"] == pool_id]


def is_ready(node: Doc, now: float) -> bool:
    """Whether the node is Ready."""
    ready = node.body["t_ready"]
    return ready is not None and ready <= now


def make_node(call: Call, cluster: Doc, pool: Doc, instance: Doc, joining: Joining) -> Doc:
    """The node of an instance. Flannel gives it a share of the pod CIDR and a route to it.

    Where the route table is full the node joins and never becomes Ready, with the reason: the
    cloud controller cannot route to it (unconfirmed in its wording).
    """
    born, join, ready, _ = joining.times
    region, address = cluster.region, instance.body["PrivateIpAddress"]
    node = Doc("node", instance.id, region, cluster.id, f"{region}.{address}", born)
    node.body = {
        "instance_id": instance.id,
        "node_name": node.name,
        "instance_type": instance.body["InstanceType"],
        "nodepool_id": pool.id,
        "ip_address": address,
        "zone_id": instance.body["ZoneId"],
        "charge_type": instance.body["InstanceChargeType"],
        "spot_strategy": instance.body.get("SpotStrategy", "NoSpot"),
        "t_join": join,
        "t_ready": ready,
        "source": joining.source,
        "error_message": "",
        "runtime_version": runtime_version(),
        "kubelet_version": state_at(cluster.body["versions"], call.now),
        "taints": pool.body["kubernetes_config"].get("taints", []),
        "unschedulable": pool.body["kubernetes_config"].get("unschedulable", False),
        "labels": _labels(cluster, pool, node, instance),
        "pod_cidr": "",
        "route_id": "",
    }
    # Faults after the GPU, whose times they change; the firewall after them, which ends all of it.
    _add_gpu(call, cluster, pool, node, joining)
    apply_faults(call, cluster, pool, node, joining.index)
    _meet_firewall(call, cluster, node)
    meet_image(pool, node)
    if cluster.body["network"] == "Flannel":
        _route(call, cluster, node)
    if node.body["t_ready"] is None:
        steps = ((0.0, "initial"), (durations.JOIN_GIVEN_UP_AFTER, "failed"))
    else:
        steps = ((0.0, "initial"), (node.body["t_ready"] - born, "running"))
    node.body["phases"] = NODE.course(born, *steps)
    return call.docs.put(node)


def remove_node(call: Call, node: Doc, at: float, *, release: bool) -> None:
    """Let the node go at ``at``; ``release`` frees its instance if it is pay-as-you-go."""
    # Read again: the removal of another node may just have given it that one's route.
    node = call.docs.get(node.kind, node.id) or node
    NODE.enter(node, call.now, (0, "removing"))
    node.deleted_at = max(at, node.created_at)
    call.docs.put(node)
    route = call.docs.get("route", node.body["route_id"])
    if route is not None:
        remove_route_entry(call, route, at)
        _route_those_waiting(call, node.scope, at + ROUTE_FREED)
    instance = call.docs.get("instance", node.body["instance_id"])
    if release and instance is not None and charge_type(call, instance) == "PostPaid":
        remove_instance(call, instance, at)


def taken_out(call: Call, pool: Doc, nodes: list[Doc], seconds: float) -> None:
    """Write down that the pool's scaling group lets its instances of ``nodes`` go."""
    instances = [node.body["instance_id"] for node in nodes]
    record_scale_in(call, pool, instances, span=(call.now, call.now + seconds))


def _labels(cluster: Doc, pool: Doc, node: Doc, instance: Doc) -> dict[str, str]:
    zone = instance.body["ZoneId"]
    labels = {
        "ack.aliyun.com": cluster.id,
        "alibabacloud.com/nodepool-id": pool.id,
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        "node.alibabacloud.com/instance-charge-type": instance.body["InstanceChargeType"],
        "node.alibabacloud.com/nodepool-id": pool.id,
        "node.kubernetes.io/instance-type": instance.body["InstanceType"],
        "topology.diskplugin.csi.alibabacloud.com/zone": zone,
        "topology.kubernetes.io/region": cluster.region,
        "topology.kubernetes.io/zone": zone,
    }
    own = pool.body["kubernetes_config"].get("labels", [])
    return labels | {row["key"]: row.get("value", "") for row in own}


def _add_gpu(call: Call, cluster: Doc, pool: Doc, node: Doc, joining: Joining) -> None:
    labels = node.body["labels"]
    gpu = gpus.gpu_of(node.body["instance_type"], labels.get(gpus.DRIVER_LABEL, ""))
    node.body |= {"gpu": None, "gpu_labels": {}, "t_gpu": None, "console": []}
    if gpu is None:
        return
    version = state_at(cluster.body["versions"], joining.times[0])
    driver = drivers.install(call, cluster, pool, node, joining.index)
    gpu = drivers.versioned(gpu, driver.version) if driver.version else gpu
    node.body["gpu"] = gpu.record() | {"allocatable": gpu.count}
    described = gpus.labels(gpu) if driver.labelled else {}
    node.body["gpu_labels"] = described | {
        key: value for key, value in gpus.schedule_labels(version).items() if key not in labels
    }
    node.body["driver_runs"] = driver.runs
    node.body["t_gpu"] = joining.times[3] + driver.late if driver.runs else None
    node.body["console"] = list(driver.console)


def _meet_firewall(call: Call, cluster: Doc, node: Doc) -> None:
    """A node that its security group keeps from the API server never joins (seen in the field)."""
    if to_api_server(call.docs, cluster, node):
        node.body |= {"t_join": None, "t_ready": None, "t_gpu": None, "error_message": NEVER_JOINED}


def meet_image(pool: Doc, node: Doc, version: str = "") -> None:
    """A kubelet that its image does not let start: the node joins and never becomes Ready.

    From 1.35 on the kubelet refuses cgroup v1 (ACK's release notes); Alibaba Cloud Linux 2 and
    CentOS end before 1.30. That such nodes join at all is a guess.
    """
    group = pool.body["scaling_group"]
    major, minor, *_ = (version or node.body["kubelet_version"]).split(".")
    if image_ends(group["image_type"], group["image_id"]) <= (int(major), int(minor)):
        node.body |= {"t_ready": None, "t_gpu": None, "error_message": NEVER_READY}
        node.body["console"] = [*node.body.get("console", ()), CGROUP_V1]


def _route(call: Call, cluster: Doc, node: Doc) -> None:
    node.body["pod_cidr"] = node.body["pod_cidr"] or _take_pod_cidr(call, cluster)
    if not node.body["pod_cidr"]:
        node.body |= {"t_ready": None, "t_gpu": None, "error_message": "no pod CIDR is left"}
    if node.body["t_join"] is None or not node.body["pod_cidr"]:
        return
    try:
        route = make_route_entry(
            call,
            route_table_id=_system_table(call, cluster.scope),
            cidr=node.body["pod_cidr"],
            next_hop_id=node.body["instance_id"],
            next_hop_type="Instance",
            at=node.body["t_join"],
        )
    except ApiError as error:
        node.body |= {"t_ready": None, "t_gpu": None}
        node.body["error_message"] = f"failed to create route: {error.code}: {error.message}"
        node.body["unrouted"] = True
        return
    node.body |= {"route_id": route.id, "unrouted": False}


def _route_those_waiting(call: Call, cluster_id: str, at: float) -> None:
    """The cloud controller goes on trying: a node without a route gets one that came free."""
    cluster = call.docs.get("cluster", cluster_id)
    # One place came free: the first that waits gets it.
    waiting = [n for n in lasting_nodes(call, cluster_id) if n.body.get("unrouted")]
    if cluster is None or not waiting:
        return
    node, ready = waiting[0], at + durations.READY_AFTER - durations.JOIN_AFTER
    # It has joined before: only its route begins now.
    joined = node.body["t_join"]
    node.body["t_join"] = at
    _route(call, cluster, node)
    node.body["t_join"] = joined
    if node.body["unrouted"]:
        return
    gpu = (
        ready + durations.GPU_AFTER_READY if node.body["gpu"] and node.body["driver_runs"] else None
    )
    node.body |= {"t_ready": ready, "t_gpu": gpu, "error_message": ""}
    steps = (ready - call.now, "running")
    NODE.enter(node, call.now, steps)
    call.docs.put(node)


def _take_pod_cidr(call: Call, cluster: Doc) -> str:
    """The next share of the pod CIDR that no node has; empty where all are taken."""
    network = IPv4Network(cluster.body["container_cidr"])
    mask = int(cluster.body["node_cidr_mask"])
    shares = 2 ** max(0, mask - network.prefixlen)
    index = int(cluster.body["next_share"])
    cluster.body["next_share"] = index + 1
    call.docs.put(cluster)
    taken: set[str] = set()
    # Only once they have been dealt out: to look through the nodes at each one would be quadratic.
    if index >= shares:
        taken = {node.body["pod_cidr"] for node in lasting_nodes(call, cluster.id)}
    for step in range(shares):
        first = int(network[0]) + (index + step) % shares * 2 ** (32 - mask)
        share = str(IPv4Network((first, mask)))
        if share not in taken:
            return share
    return ""


def _system_table(call: Call, vpc_id: str) -> str:
    tables = call.docs.find("routetable", scope=vpc_id)
    return next((doc.id for doc in tables if doc.body["RouteTableType"] == "System"), "")
