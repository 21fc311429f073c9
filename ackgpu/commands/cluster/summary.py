"""What a finished ``create`` shows: what stands, what ACK made, and the next commands."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from ackgpu import flag
from ackgpu.cloud.api import NodePool
from ackgpu.commands.cluster.plan_report import price_parts, words_of
from ackgpu.commands.cluster.rows import cluster_row, pool_row
from ackgpu.engine.run import Outcome, StepReport
from ackgpu.engine.step import Resource
from ackgpu.errors import CloudError
from ackgpu.naming import EXPIRES_TAG
from ackgpu.preflight.price import Estimate
from ackgpu.render.results import ClusterRow, CreateSummary
from ackgpu.session import Session
from ackgpu.steps.attach import AttachStep
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster import ClusterStep
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.node_pool import NodePoolStep
from ackgpu.steps.pool_change import AutoScalingStep

KUBECTL_NEEDS = "kubectl reaches the emulated cluster while the emulator is up"
EMULATOR_UP = f"emulator up {flag.DETACH}"
NETWORK_KINDS = frozenset({"vpc", "vswitch", "nat gateway", "eip", "security group"})


def summary_of(  # noqa: PLR0913 -- keyword-only, each named where it is given
    session: Session,
    blueprint: Blueprint,
    outcome: Outcome,
    *,
    kubeconfig: Path | None,
    waited: bool,
    price: Estimate | None,
) -> CreateSummary:
    """The record of a create that ended well; ``kubeconfig`` is the file that was named."""
    values = outcome.values.ready
    by_step = {type(report.step): report for report in outcome.reports}
    cluster_report = by_step[ClusterStep]
    cluster = values.get(cluster_report.step.name)
    pools = _pools(outcome)
    verdicts = values.get("gpu nodes")
    return CreateSummary(
        cluster=(
            cluster_row(session, cluster, nodes=sum(pool.healthy for pool in pools))
            if cluster
            else _unfinished(blueprint, cluster_report)
        ),
        endpoint=(cluster.public_endpoint or cluster.private_endpoint) if cluster else "",
        node_pools=tuple(pool_row(pool) for pool in pools),
        gpu_nodes=blueprint.spec.node_count,
        gpu_nodes_verified=len(verdicts) if GpuNodesStep in by_step and verdicts else None,
        network=_network(outcome),
        by_ack=_by_ack(session, blueprint, cluster_report),
        price=price.total if price else None,
        price_parts=price_parts(price) if price else (),
        prices_of=price.of if price else "",
        kubeconfig=session.kubeconfig(str(kubeconfig) if kubeconfig else None).path
        if cluster
        else "",
        seconds=outcome.seconds,
        changed=any(report.requested for report in outcome.reports),
        waited=waited,
        next_commands=_next_commands(session, blueprint, kubeconfig, waited=waited),
        note=_note(session, blueprint, waited=waited),
        type_choice=words_of(blueprint.choice),
    )


def _pools(outcome: Outcome) -> list[NodePool]:
    """The pools, each as the last step that changed it read it."""
    values = outcome.values.ready
    found: dict[str, NodePool] = {}
    for report in outcome.reports:
        if isinstance(report.step, NodePoolStep | AttachStep | AutoScalingStep):
            pool = values.get(report.step.name)
            found |= {pool.id: pool} if pool else {}
    return list(found.values())


def _unfinished(blueprint: Blueprint, report: StepReport) -> ClusterRow:
    return ClusterRow(
        name=blueprint.name,
        id=report.id,
        region=blueprint.region,
        state=report.detail or "requested",
        version=blueprint.version,
    )


def _network(outcome: Outcome) -> tuple[Resource, ...]:
    return tuple(
        resource
        for report in outcome.reports
        if report.step.kind in NETWORK_KINDS
        for resource in report.resources
    )


def _by_ack(session: Session, blueprint: Blueprint, report: StepReport) -> tuple[Resource, ...]:
    """What ACK made and bills, load balancers with what they serve: only the summary names it.

    The stack, the role and the log project are in what ``describe`` lists.
    """
    made = [resource for resource in report.resources[1:] if resource.billable]
    ids = [resource.id for resource in made if resource.type == "LoadBalancer"]
    serves: dict[str, str] = {}
    api = session.cloud(blueprint.region).balancers
    try:
        for balancer in api.load_balancers(ids=ids) if ids else ():
            serves[balancer.id] = "internal" if balancer.address_type == "intranet" else "public"
            ports = sorted(api.listener_ports(balancer.id))
            serves[balancer.id] += "".join(f" {port}" for port in ports)
    except CloudError as error:  # the cluster stands all the same
        serves = {id_: f"{serves.get(id_, '')} ({error.message})".lstrip() for id_ in ids}
    return tuple(replace(resource, name=serves.get(resource.id, "")) for resource in made)


def _note(session: Session, blueprint: Blueprint, *, waited: bool) -> str:
    """What the commands below need, and what no check has looked at."""
    notes = [KUBECTL_NEEDS] if waited and session.embedded else []
    if blueprint.tags.get(EXPIRES_TAG):
        job = session.command(f"gc {flag.PRINT_SCHEDULE} cron")
        notes.append(
            f"expires {blueprint.tags[EXPIRES_TAG]}, and is deleted then only if somebody runs"
            f" `{session.command(f'gc {flag.EXECUTE}')}`: `{job}` prints the job that does"
        )
    if waited and blueprint.spec.verify.level not in {"network", "cuda"}:
        command = session.command(
            f"verify {blueprint.name} {flag.LEVEL} network{_from_within(blueprint)}"
        )
        notes.append(f"network not tested: `{command}` tries DNS, the API server and pod to pod")
    return "\n".join(notes)


def _next_commands(
    session: Session, blueprint: Blueprint, kubeconfig: Path | None, *, waited: bool
) -> tuple[str, ...]:
    name = blueprint.name
    if not waited:
        others = (session.command(f"{verb} {name}") for verb in ("describe", "delete"))
        return (session.again(without=flag.NO_WAIT), *others)
    # Nodes that just joined have no GPU labels yet: where nobody waited for them, wait does.
    public = blueprint.spec.cluster.endpoint_public_access
    settled = blueprint.spec.verify.level != "none" or not public
    within = _from_within(blueprint)
    first = f"verify {name}{within}" if settled else f"wait {name} {flag.FOR} gpu"
    lines = (first, f"run-sample {name}{within}", f"delete {name}")
    others = (session.command(line) for line in lines)
    file = f"--kubeconfig {shlex.quote(str(kubeconfig))} " if kubeconfig else ""
    kubectl = f"kubectl {file}--context {shlex.quote(name)} get nodes"
    return (*((session.command(EMULATOR_UP),) if session.embedded else ()), kubectl, *others)


def _from_within(blueprint: Blueprint) -> str:
    """What leads a command to the nodes of a cluster that only its VPC reaches."""
    return "" if blueprint.spec.cluster.endpoint_public_access else f" {flag.PRIVATE}"
