"""What ``diagnose --bundle`` writes down of what was read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ackgpu import __version__
from ackgpu.commands.diagnose.reads import ClusterReads
from ackgpu.engine.event_log import EVENTS
from ackgpu.render.bundle import Bundle, Reading, write_bundle_page
from ackgpu.render.causes import DiagnosisResult
from ackgpu.render.junit import EMULATED
from ackgpu.session import Session

LOG_LINES = 200
CONSOLE_CHARACTERS = 64_000
Rows = tuple[tuple[str, ...], ...]


def write_bundle(session: Session, path: Path, part: DiagnosisResult, seen: ClusterReads) -> None:
    """Write the page; raises LocalError if ``path`` refuses it."""
    cluster = seen.cluster
    facts = (
        ("Region", cluster.region),
        ("Cluster", cluster.id),
        ("Kubernetes", cluster.version),
        ("API server", cluster.public_endpoint or cluster.private_endpoint),
        ("Pod CIDR", cluster.pod_cidr),
        ("ackgpu", __version__),
        ("Emulated", EMULATED if session.emulated else ""),
    )
    readings = (*_of_ack(seen), *_of_network(seen), *_of_kubernetes(seen), *_log(session, seen))
    bundle = Bundle(diagnosis=part, written=session.clock.wall(), facts=facts, readings=readings)
    write_bundle_page(path, bundle)


def _of_ack(seen: ClusterReads) -> Iterator[Reading]:
    pools: Rows = tuple(
        (
            pool.name, pool.id, pool.state, f"{pool.healthy} of {pool.desired}",
            " ".join(pool.instance_types), str(pool.settings.get("scaling_group.image_type", "")),
        )
        for pool in seen.pools
    )  # fmt: skip
    yield Reading(
        title="Node pools", header=("pool", "id", "state", "Ready", "types", "image"), rows=pools
    )
    nodes: Rows = tuple(
        (node.name, node.instance_id, node.instance_type, node.state, node.node_status, node.error)
        for node in seen.nodes
    )
    header = ("node", "instance", "type", "state", "status", "error")
    yield Reading(title="Nodes, by ACK", header=header, rows=nodes)
    tasks: Rows = tuple(
        (
            task.id, task.kind, task.state, task.failure.message if task.failure else "",
            "; ".join(task.events),
        )
        for task in seen.tasks
    )  # fmt: skip
    yield Reading(
        title="Failed tasks", header=("task", "kind", "state", "why", "events"), rows=tasks
    )
    events: Rows = tuple(
        (event.time, event.level, event.kind, event.reason, event.message) for event in seen.events
    )
    yield Reading(
        title="Events, by ACK", header=("time", "level", "kind", "reason", "message"), rows=events
    )
    yield from _of_scaling(seen)
    for instance, text in seen.consoles.items():
        yield Reading(title=f"Console of {instance}", text=text[-CONSOLE_CHARACTERS:])


def _of_scaling(seen: ClusterReads) -> Iterator[Reading]:
    header = ("started", "activity", "state", "what", "added", "released", "why not")
    for pool in seen.pools:
        rows: Rows = tuple(
            (
                f"{each.started:%Y-%m-%d %H:%MZ}" if each.started else "", each.id, each.state,
                each.description, str(each.added), str(each.released),
                each.failure.message if each.failure else "",
            )
            for each in seen.activities.get(pool.id, ())
        )  # fmt: skip
        if rows:
            yield Reading(title=f"Scaling activities of {pool.name}", header=header, rows=rows)


def _of_network(seen: ClusterReads) -> Iterator[Reading]:
    rules: Rows = tuple(
        (
            "out" if rule.egress else "in", "accept" if rule.accepts else "drop", rule.protocol,
            rule.port_range, rule.cidr or rule.group, str(rule.priority),
        )
        for rule in (seen.rules.rules if seen.rules else ())
    )  # fmt: skip
    group = seen.cluster.security_group_id
    header = ("way", "policy", "protocol", "ports", "peer", "priority")
    yield Reading(title=f"Rules of {group}", header=header, rows=rules)
    routes: Rows = tuple((route.cidr, route.next_hop) for route in seen.routes or ())
    yield Reading(
        title=f"Routes of {seen.route_table}", header=("destination", "next hop"), rows=routes
    )
    gateways: Rows = tuple(
        (gateway.id, gateway.state, " ".join(gateway.eip_ids)) for gateway in seen.gateways or ()
    )
    yield Reading(title="NAT gateways", header=("gateway", "state", "EIPs"), rows=gateways)
    snat: Rows = tuple(
        (entry.id, entry.vswitch_id or entry.cidr, entry.address, entry.state)
        for entry in seen.snat
    )
    yield Reading(title="SNAT entries", header=("entry", "source", "address", "state"), rows=snat)


def _of_kubernetes(seen: ClusterReads) -> Iterator[Reading]:
    nodes: Rows = tuple(
        (
            node.name, "yes" if node.ready else "no", node.not_ready_reason,
            "; ".join(node.problems), " ".join(node.taints), node.pod_cidr,
        )
        for node in seen.kube_nodes or ()
    )  # fmt: skip
    yield Reading(
        title="Nodes, by Kubernetes",
        header=("node", "Ready", "why not", "conditions", "taints", "pod CIDR"),
        rows=nodes,
    )
    ladder: Rows = tuple(
        (verdict.node, rung.name, rung.verdict, rung.message)
        for verdict in seen.verdicts
        for rung in verdict.rungs
    )
    yield Reading(title="GPU checks", header=("node", "rung", "verdict", "why"), rows=ladder)
    pods: Rows = tuple(
        (f"{pod.namespace}/{pod.name}", pod.node, pod.reason, pod.message) for pod in seen.pods
    )
    yield Reading(title="Pods that wait", header=("pod", "node", "reason", "message"), rows=pods)
    events: Rows = tuple(
        (event.last_seen, event.about, event.reason, str(event.count), event.message)
        for event in seen.warnings
    )
    yield Reading(
        title="Warnings, by Kubernetes",
        header=("last seen", "about", "reason", "times", "message"),
        rows=events,
    )


def _log(session: Session, seen: ClusterReads) -> Iterator[Reading]:
    """The last lines of what ackgpu did with the cluster on this machine."""
    path = session.cluster_dir(seen.cluster.region, seen.cluster.name) / EVENTS
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    yield Reading(title="ackgpu's log on this machine", text="\n".join(lines[-LOG_LINES:]))
