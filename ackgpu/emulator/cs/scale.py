"""Scaling a node pool: Auto Scaling makes instances, and they become nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ackgpu.emulator.cs import durations
from ackgpu.emulator.cs.faults import fault
from ackgpu.emulator.cs.members import Joining, lasting_nodes, make_node
from ackgpu.emulator.cs.tasks import TaskCourse
from ackgpu.emulator.ecs.instances import make_instance
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.ess.activities import ScaleOut, record_scale_out
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog, limits
from ackgpu.emulator.store import Doc

BASIC = "ack.standard"
MIN_VCPUS, MIN_MEMORY_GIB = 4, 8


@dataclass
class Scaling:
    """What came of scaling out: the nodes, and the cloud's refusal of the rest, if any."""

    start: float
    nodes: list[Doc] = field(default_factory=list)
    refusal: ApiError | None = None

    @property
    def ends(self) -> float:
        """When the pool is done with it."""
        if not self.nodes:
            return self.start + (durations.SCALE_REFUSED_AFTER if self.refusal else 0.0)
        if self.lost:
            return max(node.created_at for node in self.nodes) + durations.JOIN_GIVEN_UP_AFTER
        last = max(float(node.body["t_ready"]) for node in self.nodes)
        return last + durations.POOL_ACTIVE_AFTER_LAST_READY

    @property
    def lost(self) -> list[Doc]:
        """The nodes that never become Ready."""
        return [node for node in self.nodes if node.body["t_ready"] is None]

    @property
    def error(self) -> tuple[str, str] | None:
        """The task's error: codes and message form of the page on failed scaling activities."""
        if self.refusal is not None:
            code = "NodepoolScaleFailed.PartialSuccess" if self.nodes else self.refusal.code
            return code, refusal_message(self.refusal.code, self.refusal.message)
        if self.lost:
            message = "; ".join(
                f"{node.body['instance_id']}: {node.body['error_message']}" for node in self.lost
            )
            joined = all(node.body["t_join"] is not None for node in self.lost)
            kind = "WaitForDesiredSizeTimeout" if joined else "FailedJoinCluster"
            return f"NodepoolScaleFailed.{kind}", message
        return None

    def course(self, now: float, first: str) -> TaskCourse:
        """The stages of the task that does it, from ``now``; ``first`` names the stage before."""
        begin = max(0.0, self.start - now)
        stages = [(first, begin + durations.INSTANCE_AFTER)]
        if self.ends > now + stages[0][1]:
            stages += self._rest_of_course(self.ends - now - stages[0][1])
        results = [
            (node.body["instance_id"], "failed" if node.body["t_ready"] is None else "success")
            for node in self.nodes
        ]
        return TaskCourse(stages, error=self.error, results=results)

    def _rest_of_course(self, seconds: float) -> list[tuple[str, float]]:
        """The stages from the first instance on; where none can be had, scaling out is the last."""
        if not self.nodes:
            return [("Scale out instances", seconds)]
        ready = (
            durations.POOL_ACTIVE_AFTER_LAST_READY
            if seconds > durations.JOIN_AFTER
            else seconds / 2
        )
        return [("Scale out instances", seconds - ready), ("Wait for nodes", ready)]


def refusal_message(code: str, message: str) -> str:
    """How Container Service words a refusal by Auto Scaling."""
    return f'Fail to scale instances for scaling group(code:"{code}", msg:"{message}").'


def runs_ack(call: Call, instance_type: str) -> bool:
    """Whether a type is large enough for a node: 4 vCPUs, 8 GiB (page on node instance types).

    Whether ACK holds to it is the doubt ``small_workers``.
    """
    row = catalog.instance_type(instance_type)
    if row is None or call.doubt("small_workers") == "accepted":
        return True
    return bool(row["cpu"] >= MIN_VCPUS and row["memory"] >= MIN_MEMORY_GIB)


def check_nodes(call: Call, cluster: Doc, adding: int) -> None:
    """Refuse where the cluster would hold more nodes than it may.

    100, or 10 in a Basic cluster (quota page). The code is unconfirmed.
    """
    basic = cluster.body["cluster_spec"] == BASIC
    name = "nodes_per_basic_cluster" if basic else "nodes_per_cluster"
    used = len(lasting_nodes(call, cluster.id))
    limits.refuse_over(call, name, used, adding, of=cluster.id)


def scale_out(call: Call, cluster: Doc, pool: Doc, count: int, *, start: float) -> Scaling:
    """Add ``count`` nodes from ``start``. A refusal by ECS ends it and is kept in the result."""
    scaling = _scaled_out(call, cluster, pool, count, start=start)
    if count:
        made = [node.body["instance_id"] for node in scaling.nodes]
        lasts = durations.INSTANCE_AFTER if made else durations.SCALE_REFUSED_AFTER
        came = ScaleOut(count, made, scaling.refusal)
        record_scale_out(call, pool, came, span=(start, start + lasts))
    return scaling


def _scaled_out(call: Call, cluster: Doc, pool: Doc, count: int, *, start: float) -> Scaling:
    scaling = Scaling(start)
    if failure := fault(call, "pool_failed", cluster=cluster.name, pool=pool.name):
        scaling.refusal = ApiError(
            failure.get("code", "OperationDenied.NoStock"),
            failure.get("message", "The requested resource is sold out in the specified zone."),
        )
        return scaling
    # Durations are drawn by the node's number, so that a pool that grows does not repeat its first.
    before = len(lasting_nodes(call, cluster.id, pool.id))
    for index in range(count):
        key = f"{pool.id} {before + index}"
        times = durations.node_times(start, index, call.settings, key)
        try:
            instance = _instance(call, cluster, pool, before + index, at=times[0])
        except ApiError as error:
            scaling.refusal = error
            break
        joining = Joining(times, before + index)
        scaling.nodes.append(make_node(call, cluster, pool, instance, joining))
    return scaling


def _instance(call: Call, cluster: Doc, pool: Doc, index: int, *, at: float) -> Doc:
    """An instance of the first type, in the first vSwitch, that has stock.

    Types are tried in order. BALANCE spreads over the vSwitches in turn, the other policies take
    them in order (CreateClusterNodePool, multi_az_policy).
    """
    group = pool.body["scaling_group"]
    vswitch_ids = group["vswitch_ids"]
    if group["multi_az_policy"] == "BALANCE":
        turn = index % len(vswitch_ids)
        vswitch_ids = vswitch_ids[turn:] + vswitch_ids[:turn]
    refusal = ApiError("MissingParameter.InstanceTypes", "instance_types is empty")
    patterns = group.get("instance_patterns", ())
    for instance_type in group["instance_types"] or matching_types(patterns):
        if not runs_ack(call, instance_type):
            message = "A node needs at least 4 vCPUs and 8 GiB of memory."
            refusal = ApiError("InvalidInstanceType.NotSupported", f"{instance_type}: {message}")
            continue
        for vswitch_id in vswitch_ids:
            for category in group["system_disk_categories"]:
                try:
                    return _ask(call, cluster, pool, (instance_type, vswitch_id, category), at)
                except ApiError as error:
                    refusal = error
    raise refusal


def _ask(call: Call, cluster: Doc, pool: Doc, choice: tuple[str, str, str], at: float) -> Doc:
    group = pool.body["scaling_group"]
    instance_type, vswitch_id, category = choice
    vswitch = call.docs.get("vswitch", vswitch_id)
    if vswitch is None or not vswitch.alive(call.now):
        raise ApiError("InvalidVSwitchId.NotFound", f"The vSwitch {vswitch_id} does not exist.")
    return make_instance(
        call,
        region=cluster.region,
        vswitch=vswitch,
        instance_type=instance_type,
        name=f"worker-k8s-for-cs-{cluster.id}",
        tags=pool.body["Tags"]
        | {
            "ack.aliyun.com": cluster.id,
            "ack.alibabacloud.com/nodepool-id": pool.id,
            "acs:autoscaling:scalingGroupId": group["scaling_group_id"],
        },
        charge_type=group["instance_charge_type"],
        security_group_ids=group["security_group_ids"],
        key_pair=group["key_pair"],
        disk_category=category,
        disk_size=group["system_disk_size"],
        at=at,
        spot_strategy=group["spot_strategy"],
    )


def matching_types(patterns: Iterable[Mapping[str, Any]]) -> list[str]:
    """The instance types that fit any of the patterns, those of the first pattern first."""
    found = [
        row["id"] for pattern in patterns for row in catalog.instance_types() if _fits(pattern, row)
    ]
    return list(dict.fromkeys(found))


def _fits(pattern: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    families = pattern.get("instance_type_families") or [row["family"]]
    cores = pattern.get("cores", pattern.get("core", row["cpu"]))
    return (
        row["family"] in families
        and row["id"] not in pattern.get("excluded_instance_types", ())
        and row["cpu"] == cores
        and row["memory"] == pattern.get("memory", row["memory"])
        and row["cpu"] >= pattern.get("min_cpu_cores", 0)
        and row["cpu"] <= pattern.get("max_cpu_cores", row["cpu"])
        and row["memory"] >= pattern.get("min_memory_size", 0)
        and row["memory"] <= pattern.get("max_memory_size", row["memory"])
        and row["gpu_amount"] <= pattern.get("maximum_gpu_amount", row["gpu_amount"])
        and row["eni"] >= pattern.get("minimum_eni_quantity", 0)
    )
