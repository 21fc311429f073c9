"""What ``diagnose`` reads: the cluster's tasks, nodes, events and network, then Kubernetes.

A read that fails is no end: what it would have shown is told as not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import (
    Cloud,
    Cluster,
    ClusterEvent,
    ClusterNode,
    Eip,
    KubeApi,
    KubeEvent,
    KubeNode,
    KubePod,
    NatGateway,
    NodePool,
    RouteEntry,
    ScalingActivity,
    SecurityGroup,
    SecurityRules,
    SnatEntry,
    Task,
    Vpc,
)
from ackgpu.commands.cluster.reach import TEMPORARY_MINUTES, kubeconfig_of
from ackgpu.commands.cluster.what_stands import resources_of
from ackgpu.commands.doctor.cloud import at_once
from ackgpu.engine.gather import settle_all
from ackgpu.engine.step import Resource
from ackgpu.errors import AckGpuError, UsageError
from ackgpu.inventory.discover import TAGGED_AT_BIRTH, tagged
from ackgpu.session import Session
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.cluster import UP
from ackgpu.steps.gpu_checks import NodeVerdict
from ackgpu.steps.gpu_survey import has_gpu, judged
from ackgpu.steps.node_pool import POOL_ENDED

TASKS_READ = 5
CONSOLES_READ = 3
KUBE_SECONDS = 20.0
"""Real seconds after which an API server counts as one that does not answer."""
KUBERNETES, CONSOLE = "Kubernetes API", "console output"
SCALING = "scaling activities of"
SCALING_GROUP = "scaling_group.scaling_group_id"
"""Where a pool's settings have the id of the scaling group behind it."""


@dataclass
class ClusterReads:
    """What was read. What failed is in ``refused``, by the name of the read.

    ``about``: the node that was asked about; ``command``: a command line of ackgpu's as it is to be
    typed. ``activities`` are by pool, of those that want nodes; ``consoles`` are by instance.
    ``pods`` are those that are Pending. ``remains`` is what is ours where there is no cluster,
    whose id is empty then.
    """

    cluster: Cluster
    command: Callable[[str], str]
    about: str = ""
    pools: tuple[NodePool, ...] = ()
    nodes: tuple[ClusterNode, ...] = ()
    tasks: tuple[Task, ...] = ()
    events: tuple[ClusterEvent, ...] = ()
    activities: Mapping[str, tuple[ScalingActivity, ...]] = field(default_factory=dict)
    group: SecurityGroup | None = None
    rules: SecurityRules | None = None
    vpc: Vpc | None = None
    route_table: str = ""
    routes: tuple[RouteEntry, ...] | None = None
    gateways: tuple[NatGateway, ...] | None = None
    snat: tuple[SnatEntry, ...] = ()
    eips: tuple[Eip, ...] = ()
    kube_nodes: tuple[KubeNode, ...] | None = None
    verdicts: tuple[NodeVerdict, ...] = ()
    pods: tuple[KubePod, ...] = ()
    warnings: tuple[KubeEvent, ...] = ()
    consoles: Mapping[str, str] = field(default_factory=dict)
    remains: tuple[Resource, ...] = ()
    refused: dict[str, AckGpuError] = field(default_factory=dict)
    looked_at: list[str] = field(default_factory=list)

    def name_of(self, node: ClusterNode) -> str:
        """A node's name; its instance's id if it never had one."""
        return node.name or node.instance_id

    def pool_of(self, node: ClusterNode) -> NodePool | None:
        """The pool that a node belongs to."""
        return next((pool for pool in self.pools if pool.id == node.node_pool_id), None)

    def keep(self, what: str, found: Any, default: Any = None) -> Any:
        """What a read gave; if it failed, ``default``, and the reason is kept."""
        if isinstance(found, AckGpuError):
            self.refused[what] = found
            return default
        if isinstance(found, Exception):
            raise found
        self.looked_at.append(what)
        return found


def lacks_nodes(pool: NodePool) -> bool:
    """Whether a pool has failed, or has fewer nodes that work than it wants."""
    return pool.state in POOL_ENDED or pool.healthy < pool.desired


def look(session: Session, cloud: Cloud, cluster: Cluster, *, private: bool) -> ClusterReads:
    """Read all of it, each product's part at once."""
    seen = ClusterReads(cluster=cluster, command=session.command)
    _read_cloud(session, cloud, seen)
    _read_kubernetes(session, cloud, seen, private=private)
    return seen


def look_at_remains(session: Session, cloud: Cloud, name: str) -> ClusterReads:
    """What stands under the name of a cluster that there is not: of a create, or of a deletion."""
    inventory = tagged(cloud, name, session.reading())
    seen = ClusterReads(cluster=_no_cluster(name, cloud.region), command=session.command)
    seen.remains = resources_of(inventory, ())
    seen.refused.update(inventory.unread)
    seen.looked_at += [kind.plural for kind in TAGGED_AT_BIRTH if kind.plural not in seen.refused]
    return seen


def _no_cluster(name: str, region: str) -> Cluster:
    return Cluster(
        id="", name=name, state="unfinished", cluster_type="", cluster_spec="", version="",
        region=region, vpc_id="", vswitch_ids=(), security_group_id="", tags={}, created=None,
    )  # fmt: skip


def read_consoles(session: Session, cloud: Cloud, seen: ClusterReads, instances: list[str]) -> None:
    """Read what instances printed: those of nodes in trouble, of which a few tell enough."""
    reads = {
        f"{CONSOLE} of {each}": partial(cloud.compute.console_output, each)
        for each in instances[:CONSOLES_READ]
    }
    if not reads:
        return
    consoles = {}
    for what, found in settle_all(session.reading(), reads).items():
        text = seen.keep(what, found)
        if text:
            consoles[what.rpartition(" ")[2]] = text
    seen.consoles = consoles


def _read_cloud(session: Session, cloud: Cloud, seen: ClusterReads) -> None:
    cluster, containers = seen.cluster, cloud.containers
    reads: dict[str, Callable[[], Any]] = {
        "node pools": partial(containers.node_pools, cluster.id),
        "nodes": partial(containers.nodes, cluster.id),
        "tasks": partial(containers.tasks, cluster.id),
        "events": partial(containers.events, cluster.id),
    }
    if cluster.security_group_id:
        group = cluster.security_group_id
        reads["security group"] = partial(cloud.compute.security_groups, ids=[group])
        reads["security group rules"] = partial(cloud.compute.security_rules, group)
    if cluster.vpc_id:
        reads["VPC"] = partial(cloud.network.vpcs, ids=[cluster.vpc_id])
        reads["route tables"] = partial(cloud.network.route_tables, vpc_id=cluster.vpc_id)
        reads["NAT gateways"] = partial(cloud.network.nat_gateways, vpc_id=cluster.vpc_id)
    found = settle_all(session.reading(), reads, partial(_follow, cloud))
    kept = {what: seen.keep(what, result) for what, result in found.items()}
    seen.pools = tuple(kept["node pools"] or ())
    seen.nodes = tuple(kept["nodes"] or ())
    seen.tasks = tuple(kept[what] for what in kept if what.startswith("task of") and kept[what])
    seen.events = tuple(kept["events"] or ())
    done = {pool.id: kept.get(f"{SCALING} {pool.name}") for pool in seen.pools}
    seen.activities = {pool: tuple(rows) for pool, rows in done.items() if rows}
    seen.group = next(iter(kept.get("security group") or ()), None)
    seen.rules = kept.get("security group rules")
    seen.vpc = next(iter(kept.get("VPC") or ()), None)
    table = next((name for name in kept if name.startswith("routes of")), "")
    seen.route_table = table.rpartition(" ")[2]
    seen.routes = tuple(kept[table]) if table and kept[table] is not None else None
    gateways = kept.get("NAT gateways")
    seen.gateways = None if gateways is None else tuple(gateways)
    snat = [rows for what, rows in kept.items() if what.startswith("SNAT entries of")]
    seen.eips = tuple(kept.get("EIPs") or ())
    seen.snat = tuple(entry for rows in snat for entry in rows or ())


def _follow(cloud: Cloud, what: str, found: Any) -> Mapping[str, Callable[[], Any]]:
    """The reads that follow from one: a list of tasks has no reasons, one of tables no routes."""
    if isinstance(found, Exception):
        return {}
    if what == "tasks":
        failed = [task for task in found if task.failed][:TASKS_READ]
        return {f"task of {task.id}": partial(cloud.containers.task, task.id) for task in failed}
    if what == "node pools":
        groups = {pool.name: pool.settings.get(SCALING_GROUP) for pool in found if _asks(pool)}
        ask = cloud.scaling.activities
        told = ((name, group) for name, group in groups.items() if group)
        return {f"{SCALING} {name}": partial(ask, str(group)) for name, group in told}
    if what == "route tables":
        system = next((table.id for table in found if not table.custom), "")
        read = partial(cloud.network.route_entries, table_id=system)
        return {f"routes of {system}": read} if system else {}
    if what == "NAT gateways":
        entries = cloud.network.snat_entries
        tables = [gateway.snat_table_id for gateway in found if gateway.snat_table_id]
        more = {f"SNAT entries of {table}": partial(entries, table_id=table) for table in tables}
        bound = [eip for gateway in found if gateway.snat_table_id for eip in gateway.eip_ids]
        return {**more, **({"EIPs": partial(cloud.network.eips, ids=bound)} if bound else {})}
    return {}


def _asks(pool: NodePool) -> bool:
    """Whether Auto Scaling may tell why nodes do not come: an autoscaler's try leaves no task."""
    return lacks_nodes(pool) or pool.auto_scaling.enabled


def _read_kubernetes(session: Session, cloud: Cloud, seen: ClusterReads, *, private: bool) -> None:
    cluster = seen.cluster
    if cluster.state not in UP:
        return
    if not cluster.public_endpoint and not private:
        seen.refused[KUBERNETES] = UsageError(
            "it has no public endpoint",
            resolution=f"From a machine in the VPC, give {flag.PRIVATE}.",
        )
        return

    def nodes() -> tuple[KubeApi, list[KubeNode]]:
        text = kubeconfig_of(cloud, cluster, private=private, minutes=TEMPORARY_MINUTES)
        api = session.connect(text)
        return api, api.nodes()

    found = at_once(session, {KUBERNETES: nodes}, patience=KUBE_SECONDS)[KUBERNETES]
    reached = seen.keep(KUBERNETES, found)
    if reached is None:
        return
    api, listed = reached
    seen.kube_nodes = tuple(listed)
    reads = {
        "device plugin": lambda: judged(api, [n for n in listed if has_gpu(n)], ExpectSpec()),
        "pods that wait": api.pods_waiting,
        "Kubernetes events": api.warnings,
    }
    results = at_once(session, reads, patience=KUBE_SECONDS)
    seen.verdicts = tuple(seen.keep("device plugin", results["device plugin"], ()))
    seen.pods = tuple(seen.keep("pods that wait", results["pods that wait"], ()))
    seen.warnings = tuple(seen.keep("Kubernetes events", results["Kubernetes events"], ()))
