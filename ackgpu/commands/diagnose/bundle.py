"""What the bundle of ``diagnose`` holds of what was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def _table(title: str, header: str, rows: Iterable[tuple[str, ...]]) -> Reading:
    """A table; ``header`` has a word for each column, with bars between."""
    return Reading(title=title, header=tuple(header.split("|")), rows=tuple(rows))


def _of_ack(seen: ClusterReads) -> Iterator[Reading]:
    yield _table("Node pools", "pool|id|state|Ready|types|image", (
        (
            pool.name, pool.id, pool.state, f"{pool.healthy} of {pool.desired}",
            " ".join(pool.instance_types), str(pool.settings.get("scaling_group.image_type", "")),
        )
        for pool in seen.pools
    ))  # fmt: skip
    yield _table("Nodes, by ACK", "node|instance|type|state|status|error", (
        (node.name, node.instance_id, node.instance_type, node.state, node.node_status, node.error)
        for node in seen.nodes
    ))  # fmt: skip
    yield _table("Failed tasks", "task|kind|state|why|events", (
        (
            task.id, task.kind, task.state, task.failure.message if task.failure else "",
            "; ".join(task.events),
        )
        for task in seen.tasks
    ))  # fmt: skip
    yield _table("Events, by ACK", "time|level|kind|reason|message", (
        (event.time, event.level, event.kind, event.reason, event.message) for event in seen.events
    ))  # fmt: skip
    for pool in seen.pools:
        done = seen.activities.get(pool.id, ())
        header = "started|activity|state|what|added|released|why not"
        if done:
            title = f"Scaling activities of {pool.name}"
            yield _table(title, header, (
                (
                    f"{each.started:%Y-%m-%d %H:%MZ}" if each.started else "", each.id, each.state,
                    each.description, str(each.added), str(each.released),
                    each.failure.message if each.failure else "",
                )
                for each in done
            ))  # fmt: skip
    for instance, text in seen.consoles.items():
        yield Reading(title=f"Console of {instance}", text=text[-CONSOLE_CHARACTERS:])


def _of_network(seen: ClusterReads) -> Iterator[Reading]:
    group = seen.cluster.security_group_id
    yield _table(f"Rules of {group}", "way|policy|protocol|ports|peer|priority", (
        (
            "out" if rule.egress else "in", "accept" if rule.accepts else "drop", rule.protocol,
            rule.port_range, rule.cidr or rule.group, str(rule.priority),
        )
        for rule in (seen.rules.rules if seen.rules else ())
    ))  # fmt: skip
    routes = ((route.cidr, route.next_hop) for route in seen.routes or ())
    yield _table(f"Routes of {seen.route_table}", "destination|next hop", routes)
    gateways = ((each.id, each.state, " ".join(each.eip_ids)) for each in seen.gateways or ())
    yield _table("NAT gateways", "gateway|state|EIPs", gateways)
    snat = (
        (entry.id, entry.vswitch_id or entry.cidr, entry.address, entry.state)
        for entry in seen.snat
    )
    yield _table("SNAT entries", "entry|source|address|state", snat)


def _of_kubernetes(seen: ClusterReads) -> Iterator[Reading]:
    yield _table("Nodes, by Kubernetes", "node|Ready|why not|conditions|taints|pod CIDR", (
        (
            node.name, "yes" if node.ready else "no", node.not_ready_reason,
            "; ".join(node.problems), " ".join(node.taints), node.pod_cidr,
        )
        for node in seen.kube_nodes or ()
    ))  # fmt: skip
    ladder = (
        (verdict.node, rung.name, rung.verdict, rung.message)
        for verdict in seen.verdicts
        for rung in verdict.rungs
    )
    yield _table("GPU checks", "node|rung|verdict|why", ladder)
    pods = ((f"{pod.namespace}/{pod.name}", pod.node, pod.reason, pod.message) for pod in seen.pods)
    yield _table("Pods that wait", "pod|node|reason|message", pods)
    events = (
        (event.last_seen, event.about, event.reason, str(event.count), event.message)
        for event in seen.warnings
    )
    yield _table("Warnings, by Kubernetes", "last seen|about|reason|times|message", events)


def _log(session: Session, seen: ClusterReads) -> Iterator[Reading]:
    """The last lines of what ackgpu did with the cluster on this machine."""
    path = session.cluster_dir(seen.cluster.region, seen.cluster.name) / EVENTS
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    yield Reading(title="ackgpu's log on this machine", text="\n".join(lines[-LOG_LINES:]))
