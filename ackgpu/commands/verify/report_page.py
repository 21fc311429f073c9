"""What the report of ``verify`` shows beside the checks: the create, and what it made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ackgpu.cloud.api import Cluster, ClusterResource
from ackgpu.engine.event_log import EVENTS
from ackgpu.engine.gather import all_of
from ackgpu.inventory.discover import discover
from ackgpu.inventory.inventory import Inventory
from ackgpu.render.junit import EMULATED
from ackgpu.render.report import ReportPage, write_report
from ackgpu.render.report_drawings import Bar, ResourceBox
from ackgpu.render.verdicts import VerifyResult, VerifyRow
from ackgpu.render.words import count, duration
from ackgpu.session import Session

NODES_DRAWN = 24
"""More nodes of a vSwitch than this are drawn as one box."""


def write_verify_report(
    session: Session, path: Path, part: VerifyResult, cluster: Cluster | None
) -> None:
    """Write the page; without a cluster of ackgpu's it shows only the nodes."""
    if cluster is None:
        write_report(path, ReportPage(verified=part, written=session.clock.wall()))
        return
    cloud = session.cloud(cluster.region)
    read = all_of(session.reading(), {"resources": lambda: cloud.containers.resources(cluster.id)})
    inventory = discover(cloud, cluster.name, session.reading())
    bars, about = _timeline(session.cluster_dir(cluster.region, cluster.name) / EVENTS)
    report = ReportPage(
        verified=part,
        written=session.clock.wall(),
        facts=(
            ("Region", cluster.region),
            ("Cluster", cluster.id),
            ("Kubernetes", cluster.version),
            ("API server", cluster.public_endpoint or cluster.private_endpoint),
            ("Emulated", EMULATED if session.emulated else ""),
        ),
        bars=bars,
        about_bars=about,
        region=_topology(inventory, cluster, part.nodes, read["resources"]),
    )
    write_report(path, report)


def _timeline(log: Path) -> tuple[tuple[Bar, ...], str]:
    """The steps of the last create that made something, and which run that was.

    The log is of this machine; a cluster that was made elsewhere has none.
    """
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return (), ""
    for run in reversed(_creates(lines)):
        bars = tuple(_bars(run))
        if any(bar.outcome == "created" for bar in bars):
            bars = tuple(sorted(bars, key=lambda bar: (bar.began, bar.ended)))
            end = duration(max(bar.ended for bar in bars))
            return bars, f"The run that began at {run[0].get('wall', '')[:19]}Z; {end} in all."
    return (), ""


def _creates(lines: Iterable[str]) -> list[list[Mapping[str, Any]]]:
    """The events of each create, in the order of the log. A line cut short by a crash is left."""
    runs: list[list[Mapping[str, Any]]] = []
    creating = False
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event.get("type") == "RunStarted":
            creating = event.get("verb") == "create"
            runs += [[]] if creating else []
        if creating:
            runs[-1].append(event)
    return runs


def _bars(run: Sequence[Mapping[str, Any]]) -> Iterable[Bar]:
    begun = {event["step"]: event["at"] for event in reversed(run) if "step" in event}
    for event in run:
        at = float(event["at"])
        if event["type"] == "StepDone":
            began = max(0.0, at - event["seconds"])
            yield Bar(event["step"], began, at, event["outcome"], event["detail"])
        elif event["type"] == "StepFailed":
            yield Bar(event["step"], float(begun[event["step"]]), at, "failed", event["message"])


def _topology(
    inventory: Inventory,
    cluster: Cluster,
    nodes: Sequence[VerifyRow],
    made: Sequence[ClusterResource],
) -> ResourceBox:
    ours = {eip.id for eip in inventory.eips}
    by_ack = [
        ResourceBox(row.type.rpartition("::")[2], row.id, row.state, maker="by ACK")
        for row in made
        if row.creator != "user"
        and row.id not in ours
        and row.type.endswith(("LoadBalancer", "EIP"))
    ]
    control_plane = ResourceBox(
        "Control plane",
        cluster.name,
        f"{cluster.id} · {cluster.version} · {cluster.state}",
        maker="by ACK, managed",
        inner=tuple(by_ack),
    )
    return ResourceBox(
        "Region", cluster.region, inner=(control_plane, _vpc(inventory, cluster, nodes))
    )


def _vpc(inventory: Inventory, cluster: Cluster, nodes: Sequence[VerifyRow]) -> ResourceBox:
    gateways = tuple(
        ResourceBox(
            "NAT gateway",
            gateway.id,
            "the nodes' way out",
            maker="by ackgpu",
            inner=tuple(
                ResourceBox("EIP", eip.id, eip.address, maker="by ackgpu")
                for eip in inventory.eips
                if eip.id in gateway.eip_ids
            ),
        )
        for gateway in inventory.nat_gateways
    )
    groups = tuple(
        ResourceBox("Security group", group.id, maker="by ackgpu") for group in inventory.groups
    )
    zones = {vswitch.zone_id for vswitch in inventory.vswitches}
    vswitches = tuple(
        ResourceBox(
            "vSwitch",
            vswitch.id,
            f"{vswitch.cidr} in {vswitch.zone_id}",
            maker="by ackgpu",
            inner=_node_boxes([row for row in nodes if row.zone == vswitch.zone_id]),
        )
        for vswitch in inventory.vswitches
    )
    elsewhere = _node_boxes([row for row in nodes if row.zone not in zones])
    cidr = next((vpc.cidr for vpc in inventory.vpcs), "")
    maker = "by ackgpu" if inventory.vpcs else "given"
    inner = (*gateways, *groups, *vswitches, *elsewhere)
    return ResourceBox("VPC", cluster.vpc_id, cidr, maker=maker, inner=inner)


def _node_boxes(rows: Sequence[VerifyRow]) -> tuple[ResourceBox, ...]:
    if len(rows) > NODES_DRAWN:
        good = sum(row.ok for row in rows)
        mark = "good" if good == len(rows) else "bad"
        return (ResourceBox("Nodes", count(len(rows), "GPU node"), f"{good:,} verified", mark),)
    return tuple(
        ResourceBox("Node", row.node, row.instance_type, "good" if row.ok else "bad")
        for row in rows
    )
