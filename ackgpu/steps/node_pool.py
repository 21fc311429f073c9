"""A node pool of vGPU instances."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import (
    Cloud,
    Cluster,
    ClusterNode,
    NodePool,
    NodePoolRequest,
    SecurityGroup,
    Task,
    VSwitch,
)
from ackgpu.engine.step import (
    Absent,
    Broken,
    Context,
    Drift,
    Finding,
    Pending,
    Ready,
    Resource,
    Step,
)
from ackgpu.errors import CloudError, TimedOut
from ackgpu.spec import catalog, drivers, images
from ackgpu.spec.fields import BY_KEY
from ackgpu.spec.instance_limits import counts_against, paying_of
from ackgpu.spec.model import NodePoolSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster import task_error
from ackgpu.steps.field_values import request_settings
from ackgpu.steps.node_login import demands_login, unknown_password
from ackgpu.steps.observed_pool import PoolDrift
from ackgpu.steps.race_guard import CLAIM_READS, abort_if_superseded
from ackgpu.steps.user_data import user_data_of

SETTLING = frozenset({"initial", "scaling", "updating", "upgrading", "repairing", "removing_nodes"})
POOL_ENDED = frozenset({"failed", "delete_failed", "deleted_failed"})
# A call each, since a list names no targets; what failed moments ago is among the last few.
TASKS_LOOKED_INTO = 5
POOL_TASKS = ("cluster_scaleout", "nodepool")
"""How the types of tasks on node pools begin (CS API reference, DescribeTaskInfo)."""
NEVER_JOINS = (
    "A node that never joins usually has no way out (SNAT entry, security group) or an image that"
    f" does not fit its type: `ackgpu describe NAME {flag.EVENTS}` shows what ACK says."
)


class NodePoolStep(Step[NodePool]):
    """A node pool. Its instances join in 1 to 8 minutes (ACK documentation)."""

    typical = 180
    timeout = 30 * 60
    reads = (
        *CLAIM_READS,
        "containers.node_pools",
        "containers.nodes",
        "containers.task",
        "containers.tasks",
    )
    writes = ("containers.create_node_pool", "containers.delete_node_pool")

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        cloud: Cloud,
        plan: Blueprint,
        pool: NodePoolSpec,
        *,
        cluster: Step[Cluster],
        vswitches: tuple[Step[VSwitch], ...],
        group: Step[SecurityGroup] | None,
        egress: tuple[Step[Any], ...],
    ) -> None:
        groups: tuple[Step[Any], ...] = () if group is None else (group,)
        super().__init__(
            f"node pool {pool.name}", "node pool", (cluster, *vswitches, *groups, *egress)
        )
        paid = "" if pool.charge_type == "PostPaid" else ", PrePaid"
        spot = ", spot" if pool.spot.enabled else ""
        self.title = f"{pool.desired_size} × {' or '.join(pool.instance_types)}{paid}{spot}"
        # Its deletion is the cluster's: ACK removes both in one task.
        self.part_of = cluster
        self._cloud = cloud
        self._plan = plan
        self._pool = pool
        self._settings_drift = PoolDrift(plan.spec, pool)
        self._cluster = cluster
        self._vswitches = vswitches
        self._group = group
        self._task_of_others = ""  # in no journal: a look writes none

    @property
    def consumes(self) -> Mapping[str, int]:
        """The pool, its nodes, their instances, and with Flannel a route entry for each node.

        Attached instances are counted by the step that attaches them.

        vGPU instances are counted by number, whole GPUs by card (ECS documentation, quotas).
        """
        flannel = self._plan.spec.network.is_flannel
        taken = taken_by(self._pool, self._pool.desired_size, flannel=flannel)
        return {"node_pools": 1, **taken}

    def find(self, ctx: Context) -> Finding[NodePool]:
        cluster = ctx.get(self._cluster)
        if cluster is None:
            return Absent()
        pools = self._cloud.containers.node_pools(cluster.id)
        found = next((pool for pool in pools if pool.name == self._pool.name), None)
        if found is None:
            return Absent()
        if found.state in POOL_ENDED:
            return Broken(self._why(ctx, cluster, found), id=found.id)
        if found.state == "deleting":
            return Pending("deleting", id=found.id, removing=True)
        # At least: another run, or a person, may have made it larger, and drift tells that.
        complete = found.state == "active" and found.healthy >= self._least(found)
        # Drift at once: nobody should wait ten minutes for
        # nodes of a pool that is not as the spec says.
        if complete or self._drift(found):
            return self._ready(cluster, found)
        return self._not_yet(ctx, cluster, found)

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the pool. The API has no client token: its name is its key within the cluster."""
        del token
        if self._vswitches:
            abort_if_superseded(self._cloud, self._plan, ctx[self._vswitches[0]].vpc_id)
        request = self._request(ctx)
        cluster_id = ctx[self._cluster].id
        create = self._cloud.containers.create_node_pool
        try:
            _, task_id = create(cluster_id, request)
        except CloudError as error:
            # Whether a pool may have neither key nor password is contradicted
            # (field facts: the SDK's text demands one, the vendor's CLI sends
            # none): so without first, then with one that nobody knows.
            if self._pool.key_pair or request.login_password or not demands_login(error):
                raise
            closed = replace(request, login_password=unknown_password())
            _, task_id = create(cluster_id, closed)
        ctx.remember(self, "task", task_id)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes with its nodes; the pool of a cluster goes with the cluster."""
        self._cloud.containers.delete_node_pool(ctx[self._cluster].id, found_id)

    def overdue(self, detail: str, seconds: float) -> Exception:
        """Nodes that do not join: what to look at."""
        return TimedOut(
            f"{self.name} is not complete after {seconds:.0f} s: {detail}.",
            resolution=f"{NEVER_JOINS} Run the same command again to go on waiting.",
        )

    def _ready(self, cluster: Cluster, found: NodePool) -> Ready[NodePool]:
        nodes = self._cloud.containers.nodes(cluster.id, node_pool_id=found.id)
        # What came, not what was requested: of several types ACK takes those that have stock.
        types = ", ".join(sorted({node.instance_type for node in nodes}))
        instances = (instance_resource(node, self._plan.region) for node in nodes)
        return Ready(
            found,
            found.id,
            f"{found.healthy} × {types}",
            drift=self._drift(found),
            resources=(pool_resource(found, self._plan.region), *instances),
        )

    def _not_yet(self, ctx: Context, cluster: Cluster, found: NodePool) -> Finding[NodePool]:
        # Only of a pool that is not at work any more can the task have ended.
        task = self._task(ctx, cluster, found) if found.state == "active" else None
        if task is not None and task.failed:
            error = task_error(task, self.name)
            if found.failed:
                nodes = self._cloud.containers.nodes(cluster.id, node_pool_id=found.id)
                reasons = (f"{n.instance_id}: {n.error}" for n in nodes if n.error)
                # The task says how many failed; only the nodes say why.
                error.details = (*error.details, *reasons)
                error.resolution = self._way_out(found, f"{error.message} {error.details}")
            return Broken(error, id=found.id, resources=(pool_resource(found, self._plan.region),))
        detail = f"{found.state}: {found.healthy} of {self._least(found)} nodes ready"
        if found.failed:
            nodes = self._cloud.containers.nodes(cluster.id, node_pool_id=found.id)
            detail += "".join(f"; {node.instance_id}: {node.error}" for node in nodes if node.error)
        known = found.state in SETTLING or found.state == "active"
        return Pending(
            detail,
            id=found.id,
            warning="" if known else f"ACK says the pool is {found.state!r}; going on waiting",
            resources=(pool_resource(found, self._plan.region),),
        )

    def _way_out(self, found: NodePool, said: str) -> str:
        """What to do about nodes that failed, by what is said of them."""
        if not re.search(r"quota", said, re.IGNORECASE) or "route" not in said.lower():
            return NEVER_JOINS
        return (
            f"The VPC's route table is full, and each Flannel node needs an entry: `ackgpu nodepool"
            f" scale {self._plan.name} {self._pool.name} {flag.NODES} {found.healthy}` keeps those"
            " that have one; or ask for more in Quota Center (vpc_quota_route_entrys_num)."
        )

    def _task(self, ctx: Context, cluster: Cluster, found: NodePool) -> Task | None:
        """What works on the pool: the task that was begun for it, from whichever machine."""
        task_id = ctx.recall(self, "task") or self._task_of_others
        if task_id:
            return self._cloud.containers.task(task_id)
        task = newest_task(self._cloud, cluster.id, found.id) if found.state == "active" else None
        if task is not None:
            self._task_of_others = task.id
        return task

    def _why(self, ctx: Context, cluster: Cluster, found: NodePool) -> CloudError:
        task = self._task(ctx, cluster, found) or newest_task(self._cloud, cluster.id, found.id)
        return task_error(task, f"{self.name} {found.id} is {found.state}")

    def _request(self, ctx: Context) -> NodePoolRequest:
        pool = self._pool
        script = user_data_of(self._plan.spec, pool)
        return NodePoolRequest(
            name=pool.name,
            instance_types=pool.instance_types,
            desired=pool.desired_size,
            vswitch_ids=tuple(ctx[step].id for step in self._vswitches),
            disk_category=pool.disk_category,
            disk_size_gib=pool.system_disk.size,
            charge_type=pool.charge_type,
            period=pool.period,
            auto_renew=pool.auto_renew,
            labels={
                **catalog.own_labels(pool.instance_types),
                **driver_labels(pool),
                **pool.labels,
            },
            taints=tuple((taint.key, taint.value, taint.effect) for taint in pool.taints),
            tags=self._plan.tags,
            # ACK takes one or the other (CS API reference, CreateClusterNodePool).
            login_password="" if pool.key_pair else self._plan.login_password,
            spot=pool.spot.enabled,
            spot_price_limit=pool.spot.price_limit,
            on_demand_base=pool.spot.on_demand_base,
            # The cluster's own: nodes in another group that cannot reach the
            # control plane's interfaces on 6443 never join (seen live, one source).
            security_group_ids=() if self._group is None else (ctx[self._group].id,),
            data_disks=tuple(
                (disk.category or pool.disk_category, disk.size) for disk in pool.data_disks
            ),
            user_data=base64.b64encode(script.encode()).decode(),
            # The later ones win: the spec's own settings over the cluster's runtime, raw over all.
            settings=_runtime(pool, ctx[self._cluster])
            | request_settings(pool)
            | _image(pool, self._plan.version)
            | _policy(pool),
            extra=pool.raw,
        )

    def _least(self, found: NodePool) -> int:
        """How many nodes make it complete; one that scales itself may have gone to its least."""
        return found.auto_scaling.least if found.auto_scaling.enabled else self._pool.desired_size

    def _drift(self, found: NodePool) -> tuple[Drift, ...]:
        pool, scales = self._pool, found.auto_scaling.enabled
        size = []
        if scales and not pool.auto_scaling.enable:
            size = [Drift(f"nodePools[{pool.name}].autoScaling.enable", "false", "true")]
        kind, has = pool.auto_scaling.type, found.auto_scaling.kind
        if scales and pool.auto_scaling.enable and has and kind != has:
            size = [Drift(f"nodePools[{pool.name}].autoScaling.type", kind, has)]
        # Between: instances that are attached count as desired only once they have joined.
        if not scales and not pool.desired_size <= found.desired <= pool.node_count:
            wanted, has = str(pool.desired_size), str(found.desired)
            scale = f"nodepool scale NAME {pool.name} {flag.NODES} {wanted}"
            size = [Drift(f"nodePools[{pool.name}].desiredSize", wanted, has, scale)]
        return (*self._settings_drift.of(found), *size)


def pool_resource(pool: NodePool, region: str) -> Resource:
    """A pool as results show it: free of charge itself, its instances are rows of their own."""
    return Resource(
        product="cs",
        type="NodePool",
        id=pool.id,
        name=pool.name,
        region=region,
        state=pool.state,
        owned=True,
        billable=False,
    )


def instance_resource(node: ClusterNode, region: str) -> Resource:
    """A node's instance as results show it."""
    return Resource(
        product="ecs",
        type="Instance",
        id=node.instance_id,
        name=node.name,
        region=region,
        state=node.state,
        owned=True,
        billable=True,
    )


def newest_task(cloud: Cloud, cluster_id: str, pool_id: str) -> Task | None:
    """The latest task on the pool, among the cluster's last few: a list names no targets.

    Whether ACK gives a scaling's target as the pool or as its cluster is UNCONFIRMED: both count.
    """
    for listed in cloud.containers.tasks(cluster_id)[:TASKS_LOOKED_INTO]:
        task = cloud.containers.task(listed.id)
        if task is None:
            continue
        wide = task.target in {cluster_id, ""} and task.kind.startswith(POOL_TASKS)
        if wide or task.target == pool_id:
            return task
    return None


def taken_by(pool: NodePoolSpec, nodes: int, *, flannel: bool) -> dict[str, int]:
    """How much ``nodes`` more nodes of ``pool`` take of each limit."""
    taken = {"nodes": nodes} | ({"route_entries": nodes} if flannel else {})
    paying = paying_of(pool.charge_type, spot=pool.spot.enabled)
    limit, amount = counts_against(pool.instance_types[0], paying)
    return taken | {limit: nodes * amount}


def driver_labels(pool: NodePoolSpec) -> dict[str, str]:
    """The labels by which ACK installs the driver from a bucket."""
    if pool.driver != drivers.RUNFILE:
        return {}
    return {
        drivers.OSS_LABEL: pool.gpu.oss_endpoint,
        drivers.RUNFILE_LABEL: pool.gpu.runfile,
    }


def _image(pool: NodePoolSpec, version: str) -> dict[str, str]:
    """The image type that a spec leaves open: the id wins over it (CS API reference)."""
    if pool.image_type != images.AUTO:
        return {}
    found = images.CUSTOM if pool.image_id else images.default_image_type(version)
    return {BY_KEY["nodePools[].imageType"].api: found}


def _policy(pool: NodePoolSpec) -> dict[str, str]:
    """The policy over several zones that a pool with an on-demand base has instead of its own.

    Auto Scaling keeps an on-demand base under the cost policy alone (ESS API reference,
    CreateScalingGroup, OnDemandBaseCapacity).
    """
    policy = BY_KEY["nodePools[].multiAzPolicy"].api
    return {policy: "COST_OPTIMIZED"} if pool.spot.on_demand_base else {}


def _runtime(pool: NodePoolSpec, cluster: Cluster) -> dict[str, str]:
    """The containerd of the cluster, where the spec leaves it open.

    Whether ACK takes a pool that names none is contradicted: the reference of CreateClusterNodePool
    demands none, CreateCluster's pools do, and the vendor's own CLI names one.
    """
    version = cluster.runtime_version
    fits = not images.problem_with_containerd(version, cluster.version)
    if pool.runtime.name != "containerd" or not version or not fits:
        return {}
    return {BY_KEY["nodePools[].runtime.version"].api: version}
