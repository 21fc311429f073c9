"""The graph of a deletion: a step for each thing that discovery found, duplicates included."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ackgpu.cloud.api import Cloud, Eip, NatGateway, SecurityGroup, SnatEntry, Vpc, VSwitch
from ackgpu.engine.step import Absent, Context, Finding, Pending, Ready, Step
from ackgpu.inventory.discover import MARKED_BY_ACK
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.pod_leftovers import OF_PODS
from ackgpu.inventory.resources import (
    EIP,
    KINDS,
    SECURITY_GROUP,
    SNAT_ENTRY,
    ResourceKind,
)
from ackgpu.spec.model import ClusterSpec, MetadataSpec
from ackgpu.steps.blueprint import Blueprint, ZonePlan
from ackgpu.steps.cluster import ClusterStep
from ackgpu.steps.eip import EipStep
from ackgpu.steps.leftovers import InstancesRemoval, InUse, KindRemoval, RemovalStep
from ackgpu.steps.lookup import Pick
from ackgpu.steps.nat_gateway import NatGatewayStep
from ackgpu.steps.security_group import SecurityGroupStep
from ackgpu.steps.vpc import VpcStep
from ackgpu.steps.vswitch import VSwitchStep

AnyStep = Step[Any]
READ_BACK = {kind.ros: kind for kind in (*MARKED_BY_ACK, EIP, SECURITY_GROUP)}
"""What ACK makes that can be read back, and removed if its cluster's deletion left it."""


class SnatRemoval(RemovalStep):
    """A SNAT entry that is to go."""

    reads = ("network.snat_entries",)
    writes = ("network.delete_snat_entry",)

    def __init__(
        self, cloud: Cloud, entry: SnatEntry, *, name: str, needs: Sequence[AnyStep]
    ) -> None:
        super().__init__(name, "snat entry", needs)
        self._network = cloud.network
        self._region = cloud.region
        self._entry = entry

    def find(self, ctx: Context) -> Finding[SnatEntry]:
        del ctx
        entries = self._network.snat_entries(table_id=self._entry.table_id)
        found = next((entry for entry in entries if entry.id == self._entry.id), None)
        if found is None:
            return Absent()
        resource = SNAT_ENTRY.resource(found, self._region)
        if found.state == "Deleting":
            return Pending(found.state, id=found.id, removing=True, resources=(resource,))
        return Ready(found, found.id, found.address, resources=(resource,))

    def delete(self, ctx: Context, found_id: str) -> None:
        del ctx
        self._network.delete_snat_entry(table_id=self._entry.table_id, entry_id=found_id)


class Unbinding(RemovalStep):
    """An EIP of ours that is to come off what it is bound to."""

    reads = ("network.eips",)
    writes = ("network.unassociate_eip",)

    def __init__(self, cloud: Cloud, eip: Eip, *, name: str, needs: Sequence[AnyStep]) -> None:
        super().__init__(name, "eip binding", needs)
        self._network = cloud.network
        self._eip = eip

    def find(self, ctx: Context) -> Finding[str]:
        del ctx
        found = next(iter(self._network.eips(ids=[self._eip.id])), None)
        if found is None or found.state in {"Available", "Releasing"}:
            return Absent()
        if found.state == "Unassociating":
            return Pending(found.state, id=found.id, removing=True)
        return Ready(found.bound_to, found.id, found.bound_to)

    def delete(self, ctx: Context, found_id: str) -> None:
        del ctx
        self._network.unassociate_eip(eip_id=found_id, nat_gateway_id=self._eip.bound_to)


def delete_graph(
    cloud: Cloud,
    inventory: Inventory,
    retain: Sequence[str] = (),
    held: Mapping[str, Sequence[str]] | None = None,
) -> tuple[AnyStep, ...]:
    """The steps, in the shape of the graph that made them.

    ``retain``: ids that stay; what a retained thing lives in stays with it. ``held``: ids of
    networks and groups of ours that somebody else's things are in, with the names of these.
    """
    return _Builder(cloud, inventory, tuple(retain), held or {}).build()


def with_homes(inventory: Inventory, retain: Collection[str]) -> set[str]:
    """The retained ids, and the ids of everything that they cannot live without."""
    homes = _homes(inventory)
    kept, more = set(retain), True
    while more:
        found = {id_ for resource_id in kept for id_ in homes.get(resource_id, ())} - kept
        kept, more = kept | found, bool(found)
    return kept


def _homes(inventory: Inventory) -> dict[str, set[str]]:
    """What each thing cannot live without, by its id."""
    homes = {row.id: set(kind.ids_of_homes(row)) for kind in KINDS for row in inventory.of(kind)}
    for instance in inventory.instances:  # no row of it names its groups
        homes[instance.id] |= {group.id for group in inventory.groups}
    for gateway, entry in inventory.snat_entries:
        homes[entry.id] = {gateway.id, entry.vswitch_id, *gateway.eip_ids}
    everything = {*inventory.ids, *(row.id for row in inventory.by_ack)}
    for cluster in inventory.clusters:
        homes[cluster.id] |= everything
    return homes


class _Builder:
    def __init__(
        self,
        cloud: Cloud,
        inventory: Inventory,
        retain: tuple[str, ...],
        held: Mapping[str, Sequence[str]],
    ) -> None:
        self._held = held
        self._cloud = cloud
        self._inventory = inventory
        self._kept = with_homes(inventory, retain)
        metadata = MetadataSpec(name=inventory.name, region=inventory.region)
        self._plan = Blueprint(ClusterSpec(metadata=metadata), "", (), {}, retain)
        self._names: dict[str, int] = {}
        self._vpcs: dict[str, Step[Vpc]] = {}
        self._vswitches: dict[str, Step[VSwitch]] = {}
        self._nats: dict[str, Step[NatGateway]] = {}

    def build(self) -> tuple[AnyStep, ...]:
        inventory = self._inventory
        for vpc in inventory.vpcs:
            self._vpc(vpc.id)
        for vswitch in inventory.vswitches:
            self._vswitch(vswitch.id, vswitch.vpc_id)
        groups = [self._group(group.id, group.vpc_id) for group in inventory.groups]
        out = self._ways_out()
        residue = self._residue(groups)
        clusters = self._clusters([*groups, *residue], out)
        network: list[AnyStep] = [*self._vpcs.values(), *self._vswitches.values(), *groups]
        return (*network, *self._nats.values(), *out, *residue, *clusters)

    def _group(self, group_id: str, vpc_id: str) -> Step[SecurityGroup]:
        step = SecurityGroupStep(
            self._cloud,
            self._plan,
            vpc=self._vpc(vpc_id),
            pick=self._pick(group_id, ours=True),
            name=self._name("security group"),
        )
        return self._free(step, group_id)

    def _free(self, step: Step[Any], resource_id: str) -> Step[Any]:
        """The step, or where its resource is in use by others, one that says so."""
        by = self._held.get(resource_id)
        return InUse(step, by) if by else step

    def _residue(self, groups: Sequence[AnyStep]) -> list[AnyStep]:
        """What goes along with the cluster, each read back as gone after it.

        The load balancers go before their EIPs, and the instances before their security groups.
        """
        inventory = self._inventory
        made: dict[str, list[str]] = {ros: [] for ros in READ_BACK}
        for row in inventory.by_ack:
            if row.type in made and row.id:
                made[row.type].append(row.id)
        eips: list[AnyStep] = [
            EipStep(
                self._cloud, self._plan, pick=self._pick(id_, ours=True), name=self._name("ACK eip")
            )
            for id_ in made[EIP.ros]
        ]
        home: list[AnyStep] = [*self._vpcs.values(), *self._vswitches.values()]
        known = [group.id for group in inventory.groups]
        more = [id_ for id_ in made[SECURITY_GROUP.ros] if id_ not in known]
        # ACK makes it in the cluster's VPC, and names no VPC with it.
        own = [self._group(id_, inventory.vpc_id) for id_ in more]
        around = [*home, *groups, *own]
        balancers = [
            step
            for kind in MARKED_BY_ACK
            for step in self._each(kind, made[kind.ros], [*around, *eips])
        ]
        loose = [
            step
            for kind in OF_PODS
            for step in self._each(kind, (), around if kind.lives_in else ())
        ]
        return [*eips, *own, *balancers, *loose, *self._instances([*around, *loose])]

    def _each(
        self, kind: ResourceKind, more: Sequence[str], needs: Sequence[AnyStep]
    ) -> list[AnyStep]:
        """A step for each thing of a kind; ``more``: ids that ACK told of."""
        ids = dict.fromkeys([*(row.id for row in self._inventory.of(kind)), *more])
        return [
            KindRemoval(
                self._cloud,
                kind,
                pick=self._pick(id_, ours=True),
                name=self._name(kind.noun),
                needs=needs,
            )
            for id_ in ids
        ]

    def _instances(self, needs: Sequence[AnyStep]) -> list[AnyStep]:
        # A retained cluster keeps its nodes, though nobody named them.
        whole = any(cluster.id in self._kept for cluster in self._inventory.clusters)
        instances = self._inventory.instances
        stay = [i.id for i in instances if whole or i.id in self._kept]
        # A step of their own: they end as broken, and must not keep the others from being released.
        paid = [i.id for i in instances if i.charge_type == "PrePaid" and i.id not in stay]
        go = [i.id for i in instances if i.id not in {*stay, *paid}]
        groups = (("instances", go), ("subscriptions", paid), ("instances", stay))
        return [
            InstancesRemoval(self._cloud, ids, keep=ids is stay, name=self._name(name), needs=needs)
            for name, ids in groups
            if ids
        ]

    def _name(self, base: str) -> str:
        self._names[base] = self._names.get(base, 0) + 1
        number = self._names[base]
        return base if number == 1 else f"{base} {number}"

    def _pick(self, resource_id: str, *, ours: bool) -> Pick:
        """``ours`` False: no list of ours has it, which proves nothing, so its tags are read."""
        kept = resource_id in self._kept
        return Pick(
            resource_id, "given" if kept else "ours", must_exist=False, by_tag=not ours and not kept
        )

    def _vpc(self, vpc_id: str) -> Step[Vpc]:
        if vpc_id not in self._vpcs:
            pick = self._pick(vpc_id, ours=any(v.id == vpc_id for v in self._inventory.vpcs))
            step = VpcStep(self._cloud, self._plan, pick=pick, name=self._name("vpc"))
            self._vpcs[vpc_id] = self._free(step, vpc_id)
        return self._vpcs[vpc_id]

    def _vswitch(self, vswitch_id: str, vpc_id: str) -> Step[VSwitch]:
        if vswitch_id not in self._vswitches:
            mine = next((v for v in self._inventory.vswitches if v.id == vswitch_id), None)
            zone_id, cidr = (mine.zone_id, mine.cidr) if mine else ("", "")
            step = VSwitchStep(
                self._cloud,
                self._plan,
                ZonePlan(zone_id, cidr, vswitch_id),
                vpc=self._vpc(vpc_id),
                pick=self._pick(vswitch_id, ours=mine is not None),
            )
            step.name = self._name(step.name if mine else "vswitch")
            self._vswitches[vswitch_id] = self._free(step, vswitch_id)
        return self._vswitches[vswitch_id]

    def _nat(self, gateway: NatGateway) -> Step[NatGateway]:
        if gateway.id not in self._nats:
            step = NatGatewayStep(
                self._cloud,
                self._plan,
                vpc=self._vpc(gateway.vpc_id),
                vswitch=self._vswitch(gateway.vswitch_id, gateway.vpc_id),
                pick=self._pick(gateway.id, ours=gateway in self._inventory.nat_gateways),
                name=self._name("nat gateway"),
            )
            self._nats[gateway.id] = self._free(step, gateway.id)
        return self._nats[gateway.id]

    def _ways_out(self) -> list[AnyStep]:
        for gateway in self._inventory.nat_gateways:
            self._nat(gateway)
        steps: list[AnyStep] = []
        bindings: dict[str, list[AnyStep]] = {}
        for eip in self._inventory.eips:
            pick = self._pick(eip.id, ours=True)
            step = EipStep(self._cloud, self._plan, pick=pick, name=self._name("eip"))
            steps.append(step)
            # Retained, it stays on what it is bound to.
            if eip.bound_to and not pick.given:
                nat = self._nats.get(eip.bound_to)
                # Bound to a gateway that is given: it comes off, and the gateway stays.
                needs: list[AnyStep] = [step] if nat is None else [step, nat]
                name = self._name("eip binding")
                unbinding = Unbinding(self._cloud, eip, name=name, needs=needs)
                steps.append(unbinding)
                bindings.setdefault(eip.bound_to, []).append(unbinding)
        return [*steps, *self._snat(bindings)]

    def _snat(self, bindings: dict[str, list[AnyStep]]) -> list[AnyStep]:
        steps: list[AnyStep] = []
        for gateway, entry in self._inventory.snat_entries:
            if entry.id in self._kept:
                continue
            needs: list[AnyStep] = [self._nat(gateway), *bindings.get(gateway.id, [])]
            # Made by a range, it names no vSwitch.
            if entry.vswitch_id:
                needs.append(self._vswitch(entry.vswitch_id, gateway.vpc_id))
            steps.append(SnatRemoval(self._cloud, entry, name=self._name("snat"), needs=needs))
        return steps

    def _clusters(self, groups: Sequence[AnyStep], out: Sequence[AnyStep]) -> list[ClusterStep]:
        # Nodes use the way out until they are gone: it is taken away after the cluster.
        snat = tuple(step for step in out if isinstance(step, SnatRemoval))
        return [
            ClusterStep(
                self._cloud,
                self._plan,
                vswitches=tuple(
                    self._vswitch(vswitch_id, cluster.vpc_id) for vswitch_id in cluster.vswitch_ids
                ),
                group=None,
                pick=self._pick(cluster.id, ours=True),
                outlives=(*groups, *snat),
                name=self._name("cluster"),
            )
            for cluster in self._inventory.clusters
        ]
