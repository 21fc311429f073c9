"""The whole cluster on one screen: which steps a blueprint means, and what each one needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu.cloud.api import (
    AttachRequest,
    AutoScaling,
    Cloud,
    Cluster,
    KubeconfigFile,
    KubeConnect,
    SecurityGroup,
    VSwitch,
)
from ackgpu.engine.step import Step
from ackgpu.spec.model import NodePoolSpec
from ackgpu.steps.attach import AttachStep
from ackgpu.steps.blueprint import Blueprint, ZonePlan
from ackgpu.steps.cluster import ClusterStep
from ackgpu.steps.eip import BoundAddressStep, EipBindingStep, EipStep
from ackgpu.steps.kubeconfig import KubeconfigStep
from ackgpu.steps.lookup import TAGGED, given
from ackgpu.steps.nat_gateway import NatGatewayStep
from ackgpu.steps.node_pool import NodePoolStep
from ackgpu.steps.pool_change import AutoScalingStep
from ackgpu.steps.security_group import SecurityGroupStep, SecurityRulesStep
from ackgpu.steps.snat_entry import SnatEntryStep
from ackgpu.steps.verification import Verified, verification
from ackgpu.steps.vpc import VpcStep
from ackgpu.steps.vswitch import VSwitchStep

Steps = list[Step[Any]]


@dataclass(frozen=True)
class Ports:
    """What the steps reach the outside through.

    ``image_registry`` comes before the spec's for the CUDA sample's images.
    """

    cloud: Cloud
    connect: KubeConnect
    kubeconfig: KubeconfigFile
    image_registry: str = ""


@dataclass(frozen=True)
class Network:
    """The network's steps. ``ways_out``: what must stand before a node can pull an image."""

    steps: Steps
    vswitches: tuple[VSwitchStep, ...]
    pod_vswitches: tuple[VSwitchStep, ...]
    group: Step[SecurityGroup]
    ways_out: tuple[Step[Any], ...]


def create_graph(ports: Ports, plan: Blueprint) -> tuple[Step[Any], ...]:
    """The steps of ``create``.

    ::

        vpc ── vswitch (one a zone) ──┬── security group, its rules ─┐
                                      ├── cluster ───────────────────┴── node pool ── gpu nodes
                                      └── nat gateway ─┬─ eip binding ─ snat ──┘
                                               eip ────┘          kubeconfig ← cluster

    The control plane needs the vSwitches and the security group alone; nodes need the way out. So
    the network's slow half is made beside the control plane, and not before it.
    """
    cloud = ports.cloud
    network = network_of(cloud, plan)
    cluster = ClusterStep(
        cloud,
        plan,
        vswitches=network.vswitches,
        pod_vswitches=network.pod_vswitches,
        group=network.group,
        pick=TAGGED,
    )
    pools = [
        NodePoolStep(
            cloud,
            plan,
            pool,
            cluster=cluster,
            vswitches=network.vswitches,
            group=network.group,
            egress=network.ways_out,
        )
        for pool in plan.spec.node_pools
    ]
    kubeconfig = KubeconfigStep(cloud, plan, cluster=cluster, file=ports.kubeconfig)
    more = [
        addition
        for step, pool in zip(pools, plan.spec.node_pools, strict=True)
        for addition in additions(cloud, pool, cluster=cluster, made=step, plan=plan)
    ]
    steps: Steps = [*network.steps, cluster, *pools, *more, kubeconfig]
    if verifies(plan):
        sizes = [
            (step, least_nodes(pool))
            for step, pool in zip(pools, plan.spec.node_pools, strict=True)
        ]
        to_verify = Verified(
            plan,
            kubeconfig,
            sizes,
            after=[*pools, *more],
            console=cloud.compute.console_output,
            image_registry=ports.image_registry,
        )
        steps += verification(ports.connect, to_verify)
    return tuple(steps)


def additions(
    cloud: Cloud, pool: NodePoolSpec, *, cluster: Step[Cluster], made: Step[Any], plan: Blueprint
) -> Steps:
    """What follows once a pool stands: instances to attach, and bounds to scale itself within."""
    steps: Steps = []
    if pool.attach.instance_ids:
        request = AttachRequest(
            pool.attach.instance_ids,
            pool.attach.keep_instance_name,
            pool.attach.format_disk,
            "" if pool.key_pair else plan.login_password,
        )
        flannel = plan.spec.network.is_flannel
        steps.append(
            AttachStep(
                cloud,
                name=pool.name,
                request=request,
                flannel=flannel,
                cluster=cluster,
                needs=[made],
            )
        )
    if pool.auto_scaling.enable:
        scaling = pool.auto_scaling
        bounds = AutoScaling(enabled=True, least=scaling.min, most=scaling.max, kind=scaling.type)
        steps.append(
            AutoScalingStep(cloud, name=pool.name, bounds=bounds, cluster=cluster, pool=made)
        )
    return steps


def least_nodes(pool: NodePoolSpec) -> int:
    """How many nodes a pool must show; one that scales itself may shrink to its least at once."""
    return pool.auto_scaling.min if pool.auto_scaling.enable else pool.node_count


def verifies(plan: Blueprint) -> bool:
    """Whether the GPUs can be verified from here: the API server must have a public endpoint."""
    return plan.spec.verify.level != "none" and plan.spec.cluster.endpoint_public_access


def network_of(cloud: Cloud, plan: Blueprint) -> Network:
    """The steps of the network, made or given."""
    wants = plan.spec.network
    vpc = VpcStep(cloud, plan, pick=given(wants.vpc.id))
    places = [
        (zone, VSwitchStep(cloud, plan, zone, vpc=vpc, pick=given(zone.vswitch_id)))
        for zone in (*plan.zones, *plan.pod_zones)
    ]
    vswitches = tuple(step for zone, step in places if not zone.pods)
    pods = tuple(step for zone, step in places if zone.pods)
    group = SecurityGroupStep(cloud, plan, vpc=vpc, pick=given(wants.security_group_id))
    # A given group is never changed; preflight reads its rules (ADR 0013).
    rules: Steps = [] if wants.security_group_id else [SecurityRulesStep(cloud, plan, group=group)]
    steps: Steps = [vpc, *vswitches, *pods, group, *rules]
    if not wants.nat.create and not wants.nat.id:
        return Network(steps, vswitches, pods, group, ())
    out = _way_out(cloud, plan, (vpc, group), places)
    snat = tuple(step for step in out if isinstance(step, SnatEntryStep))
    return Network([*steps, *out], vswitches, pods, group, snat)


def _way_out(
    cloud: Cloud,
    plan: Blueprint,
    claim: tuple[VpcStep, SecurityGroupStep],
    places: Sequence[tuple[ZonePlan, Step[VSwitch]]],
) -> Steps:
    """The gateway stands in the first vSwitch, and lets each of them out."""
    wants = plan.spec.network.nat
    # Behind the VPC and the group, which it does not need: of two creates at once
    # the later one stops there, before it has requested what costs (ADR 0011).
    nat = NatGatewayStep(
        cloud, plan, vpc=claim[0], vswitch=places[0][1], pick=given(wants.id), needs=claim
    )
    if wants.id:
        address: Step[str] = BoundAddressStep(cloud, nat=nat)
        steps: Steps = [nat, address]
    else:
        eip = EipStep(cloud, plan, pick=given(wants.eip.id), needs=claim)
        address = EipBindingStep(cloud, nat=nat, eip=eip)
        steps = [nat, eip, address]
    snat = [
        SnatEntryStep(cloud, plan, zone, nat=nat, vswitch=vswitch, address=address)
        for zone, vswitch in places
    ]
    return [*steps, *snat]
