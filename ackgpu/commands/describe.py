"""``describe``: one cluster, with its pools and whatever more was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu.app import App
from ackgpu.cloud.api import Cloud, Cluster, ClusterNode, NodePool
from ackgpu.commands.estates import not_found
from ackgpu.commands.rows import cluster_row, pool_row
from ackgpu.engine.gather import all_of
from ackgpu.engine.step import Resource
from ackgpu.render.output import present
from ackgpu.render.results import ClusterDescription, ClusterRow, Result
from ackgpu.steps.cluster import by_ack
from ackgpu.steps.discover import Estate, discover
from ackgpu.steps.pool_change import instance_resource


@dataclass(frozen=True, kw_only=True)
class DescribeOptions:
    """What ``describe`` was asked for."""

    name: str
    resources: bool = False
    events: bool = False


def run(options: DescribeOptions, app: App) -> int:
    """Describe the cluster; the exit code."""
    cloud = app.cloud()
    estate = discover(cloud, options.name, app.reading())
    if estate.empty:
        raise not_found(options.name, cloud.region)
    cluster = estate.clusters[0] if estate.clusters else None
    more = all_of(app.reading(), _reads(cloud, cluster, events=options.events))
    pools = more.get("pools", ())
    nodes = more.get("nodes", ())
    listed = _once((*_network(estate), *_pools(estate, pools, nodes), *more.get("resources", ())))
    part = ClusterDescription(
        cluster=cluster_row(app, cluster) if cluster else _unfinished(estate),
        facts=tuple(_facts(estate, cluster)),
        node_pools=tuple(pool_row(pool) for pool in pools),
        listed=listed if options.resources else (),
        events=tuple(more.get("events", ())),
    )
    result = Result(command="describe", part=part, resources=listed)
    return present(app.streams, app.settings.output, result)


def _reads(cloud: Cloud, cluster: Cluster | None, *, events: bool) -> dict[str, Callable[[], Any]]:
    if cluster is None:
        return {}
    containers = cloud.containers
    reads: dict[str, Callable[[], Any]] = {
        "pools": lambda: containers.node_pools(cluster.id),
        "nodes": lambda: containers.nodes(cluster.id),
        "resources": lambda: [
            by_ack(row, cloud.region) for row in containers.resources(cluster.id)
        ],
    }
    if events:
        reads["events"] = lambda: containers.events(cluster.id)
    return reads


def _unfinished(estate: Estate) -> ClusterRow:
    return ClusterRow(name=estate.name, id="", region=estate.region, state="unfinished", version="")


def _facts(estate: Estate, cluster: Cluster | None) -> list[tuple[str, str]]:
    facts = []
    if cluster is not None:
        facts = [
            ("Public endpoint", cluster.public_endpoint or "none"),
            ("Private endpoint", cluster.private_endpoint or "none"),
            ("Edition", cluster.cluster_spec),
            ("Pod CIDR", cluster.pod_cidr),
            ("Service CIDR", cluster.service_cidr),
            ("Deletion protection", "on" if cluster.deletion_protection else "off"),
        ]
    facts += [("VPC", f"{vpc.id} {vpc.cidr}") for vpc in estate.vpcs]
    if not estate.vpcs and estate.vpc_id:
        facts.append(("VPC", f"{estate.vpc_id} (given)"))
    facts += [("vSwitch", f"{v.id} {v.cidr} in {v.zone_id}") for v in estate.vswitches]
    facts += [("NAT gateway", f"{gateway.id} {gateway.state}") for gateway in estate.nat_gateways]
    facts += [("EIP", f"{eip.id} {eip.address} {eip.state}") for eip in estate.eips]
    return [(label, text) for label, text in facts if text]


def _pools(
    estate: Estate, pools: Sequence[NodePool], nodes: Sequence[ClusterNode]
) -> Iterator[Resource]:
    for pool in pools:
        yield Resource(
            product="cs",
            type="NodePool",
            id=pool.id,
            name=pool.name,
            region=estate.region,
            state=pool.state,
            owned=True,
            billable=False,
        )
    yield from (instance_resource(node, estate.region) for node in nodes if node.instance_id)


def _once(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Each id once: ACK lists what it uses beside what it made."""
    found: dict[str, Resource] = {}
    for resource in resources:
        found.setdefault(resource.id, resource)
    return tuple(found.values())


def _network(estate: Estate) -> tuple[Resource, ...]:
    def of(kind: str, item: Any, *, product: str = "vpc", billable: bool = False) -> Resource:
        return Resource(
            product=product,
            type=kind,
            id=item.id,
            name=item.name,
            region=estate.region,
            state=getattr(item, "state", ""),
            owned=True,
            billable=billable,
        )

    return (
        *(of("Vpc", vpc) for vpc in estate.vpcs),
        *(of("VSwitch", vswitch) for vswitch in estate.vswitches),
        *(of("SecurityGroup", group, product="ecs") for group in estate.groups),
        *(of("NatGateway", gateway, billable=True) for gateway in estate.nat_gateways),
        *(of("Eip", eip, billable=True) for eip in estate.eips),
        *(of("SnatEntry", entry) for _, entry in estate.snat_entries),
        *(of("Cluster", c, product="cs", billable=True) for c in estate.clusters),
    )
