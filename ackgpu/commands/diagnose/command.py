"""``diagnose``: what is wrong with a cluster or a node, by what can be read, and what mends it.

It changes nothing. It ends with 0 if it could look, whatever it found: the causes are the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ackgpu import flag
from ackgpu.commands.cluster.lookup import cluster_named
from ackgpu.commands.diagnose.cloud import causes_in_the_cloud
from ackgpu.commands.diagnose.network import causes_in_the_network
from ackgpu.commands.diagnose.nodes import broken_instances, causes_on_nodes
from ackgpu.commands.diagnose.reads import ClusterReads, look, look_at_remains, read_consoles
from ackgpu.errors import NoSuchCluster
from ackgpu.render.causes import LIKELIHOODS, Cause, DiagnosisResult, NotSeen
from ackgpu.render.results import Result
from ackgpu.session import Session
from ackgpu.small_file import check_directory

ROOTS = (
    "no-cluster", "cluster-failed", "cluster-not-ready", "out-of-stock", "quota", "no-address",
    "access-denied", "scaling-group-off", "image-too-old",
    "route-table-full", "security-group", "no-way-out", "api-server-unreachable", "task-failed",
    "scaling-failed",
    "instance-gone", "instance-stopped", "driver-failed", "route-missing", "node-pressure",
)  # fmt: skip
"""Of causes that are as likely, these lead, in this order: they bring the others with them."""


@dataclass(frozen=True, kw_only=True)
class DiagnoseOptions:
    """The options of ``diagnose``. ``node`` is a name, or an instance's id."""

    name: str
    node: str = ""
    bundle: Path | None = None
    private: bool = False


def execute(options: DiagnoseOptions, session: Session) -> Result:
    """Look, and show what is wrong; the exit code is 0 if it could look."""
    check_directory(flag.BUNDLE, options.bundle)
    with session.stoppable():
        part, seen = _diagnosed(options, session)
    if options.bundle is not None:
        from ackgpu.commands.diagnose.bundle import write_bundle

        part = replace(part, bundle=str(options.bundle))
        write_bundle(session, options.bundle, part, seen)
        session.display.wrote(options.bundle)
    return Result(command="diagnose", part=part, durations={"total": part.seconds})


def _diagnosed(options: DiagnoseOptions, session: Session) -> tuple[DiagnosisResult, ClusterReads]:
    cloud = session.cloud()
    began = session.clock.now()
    try:
        cluster = cluster_named(cloud, options.name)
    except NoSuchCluster:
        seen = look_at_remains(session, cloud, options.name)
        if not seen.remains:
            raise
    else:
        seen = look(session, cloud, cluster, private=options.private)
    seen.about = _node_of(options, seen)
    read_consoles(session, cloud, seen, broken_instances(seen))
    found = [*causes_in_the_cloud(seen), *causes_in_the_network(seen), *causes_on_nodes(seen)]
    part = DiagnosisResult(
        cluster_name=options.name,
        node=seen.about,
        state=seen.cluster.state,
        causes=tuple(_ranked(found)),
        not_seen=tuple(_not_seen(session, seen)),
        looked_at=tuple(seen.looked_at),
        seconds=session.clock.now() - began,
    )
    return part, seen


def _node_of(options: DiagnoseOptions, seen: ClusterReads) -> str:
    """The name of the node that was asked about. Raises the error of exit code 5 if there is none.

    One that Kubernetes alone knows counts: a node of somebody's own, that ACK does not list.
    """
    wanted = options.node
    if not wanted:
        return ""
    for node in seen.nodes:
        if wanted in {node.name, node.instance_id}:
            return seen.name_of(node)
    if any(wanted in {node.name, node.instance_id} for node in seen.kube_nodes or ()):
        return wanted
    if "nodes" in seen.refused:
        raise seen.refused["nodes"]
    raise NoSuchCluster(
        f"{options.name} has no node {wanted}.",
        resolution=f"`ackgpu node list {options.name}` shows those that it has.",
    )


def _ranked(found: list[Cause]) -> list[Cause]:
    """The likeliest first; of equal ones what brings others with it."""
    order = {name: place for place, name in enumerate(ROOTS)}
    merged: dict[tuple[str, str, tuple[str, ...]], Cause] = {}
    for cause in found:
        key = (cause.id, cause.title, cause.evidence)
        known = merged.get(key)
        if known is None:
            merged[key] = cause
        else:  # the same on another node: one cause, the commands of each
            commands = tuple(dict.fromkeys((*known.commands, *cause.commands)))
            merged[key] = replace(known, nodes=(*known.nodes, *cause.nodes), commands=commands)
    return sorted(
        merged.values(),
        key=lambda each: (LIKELIHOODS.index(each.likelihood), order.get(each.id, len(order))),
    )


def _not_seen(session: Session, seen: ClusterReads) -> list[NotSeen]:
    rows = []
    for what, error in seen.refused.items():
        session.complete(error)
        why, remedy = error.message.rstrip("."), error.resolution or ""
        rows.append(NotSeen(what=what, why=why, remedy=remedy))
    return rows
