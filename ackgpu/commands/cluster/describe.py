"""``describe``: one cluster, with its pools and whatever more was requested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.commands.account.costs import Paid, born, hourly_of, not_priced, pools_of
from ackgpu.commands.cluster.lookup import not_found
from ackgpu.commands.cluster.rows import cluster_row, pool_row, unfinished_row, with_costs
from ackgpu.commands.cluster.what_stands import resources_of
from ackgpu.engine.gather import all_of
from ackgpu.inventory.discover import discover
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.resources import by_ack
from ackgpu.render.results import ClusterDescription, ClusterRow, Fact, Result
from ackgpu.render.words import in_words
from ackgpu.session import Session

WHOLE_AFTER = 12
"""Looks of a watch: a minute, at five seconds each."""


@dataclass(frozen=True, kw_only=True)
class DescribeOptions:
    """The options of ``describe``."""

    name: str
    resources: bool = False
    events: bool = False


def watch(options: DescribeOptions, session: Session) -> int:
    """Describe the cluster again and again until a signal ends it; the exit code."""
    from ackgpu.commands.watch import watch as watched

    return watched(session, _Rereading(options, session).look)


class _Rereading:
    """Looks at a cluster again with two calls, and at all of it only if those show a change.

    What changes without them, such as an EIP or an event, is seen within WHOLE_AFTER looks.
    """

    def __init__(self, options: DescribeOptions, session: Session) -> None:
        self._options = options
        self._session = session
        self._last: Result | None = None
        self._looks = 0

    def look(self) -> Result:
        """The description as it is now; raises NoSuchCluster once nothing of it is left."""
        self._looks += 1
        if self._last is None or self._looks % WHOLE_AFTER == 0 or self._has_changed(self._last):
            self._last = execute(self._options, self._session)
        return self._last

    def _has_changed(self, last: Result) -> bool:
        """Whether the cluster or its pools stand otherwise; a network without a cluster may."""
        from ackgpu.render.watch_table import standing

        part = last.part
        if not isinstance(part, ClusterDescription) or not part.cluster.id:
            return True
        containers = self._session.cloud().containers
        cluster = containers.cluster(part.cluster.id)
        if cluster is None:
            return True
        pools = containers.node_pools(cluster.id)
        now = ClusterDescription(
            cluster=cluster_row(self._session, cluster),
            node_pools=tuple(pool_row(pool) for pool in pools),
        )
        before = ClusterDescription(cluster=part.cluster, node_pools=part.node_pools)
        return standing(now) != standing(before)


def execute(options: DescribeOptions, session: Session) -> Result:
    """Describe the cluster."""
    cloud = session.cloud()
    inventory = discover(cloud, options.name, session.reading())
    if inventory.empty:
        raise not_found(options.name, cloud.region)
    cluster = inventory.clusters[0] if inventory.clusters else None
    more = all_of(session.reading(), _reads(cloud, cluster, events=options.events))
    pools = more.get("pools", [])
    listed = resources_of(inventory, pools, more.get("resources", ()))
    hourly = hourly_of(session, Paid(cloud, inventory.clusters, pools, listed))
    part = ClusterDescription(
        cluster=(
            cluster_row(session, cluster, hourly=hourly)
            if cluster
            else with_costs(session, _unfinished(session, inventory), hourly, born(inventory))
        ),
        facts=tuple(_facts(inventory, cluster)),
        node_pools=tuple(pool_row(each.pool) for each in pools),
        listed=listed if options.resources else (),
        events=tuple(more.get("events", ())),
    )
    warnings = tuple(not_priced(options.name, hourly))
    return Result(command="describe", part=part, resources=listed, warnings=warnings)


def _reads(cloud: Cloud, cluster: Cluster | None, *, events: bool) -> dict[str, Callable[[], Any]]:
    if cluster is None:
        return {}
    containers = cloud.containers
    reads: dict[str, Callable[[], Any]] = {
        "pools": lambda: pools_of(cloud, [cluster]),
        "resources": lambda: [
            by_ack(row, cloud.region) for row in containers.resources(cluster.id)
        ],
    }
    if events:
        reads["events"] = lambda: containers.events(cluster.id)
    return reads


def _unfinished(session: Session, inventory: Inventory) -> ClusterRow:
    found = [*(vpc.tags for vpc in inventory.vpcs), *(eip.tags for eip in inventory.eips)]
    tags = found[0] if found else {}
    return unfinished_row(session, inventory.name, inventory.region, tags)


def _facts(inventory: Inventory, cluster: Cluster | None) -> list[Fact]:
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
    facts += [("VPC", f"{vpc.id} {vpc.cidr}") for vpc in inventory.vpcs]
    if not inventory.vpcs and inventory.vpc_id:
        facts.append(("VPC", f"{inventory.vpc_id} (given)"))
    facts += [("vSwitch", f"{v.id} {v.cidr} in {v.zone_id}") for v in inventory.vswitches]
    facts += [
        ("NAT gateway", f"{gateway.id} {in_words(gateway.state)}")
        for gateway in inventory.nat_gateways
    ]
    facts += [("EIP", f"{eip.id} {eip.address} {in_words(eip.state)}") for eip in inventory.eips]
    return [Fact(name, value) for name, value in facts if value]
