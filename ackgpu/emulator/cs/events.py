"""What happened to clusters: events, and the provisioning log drawn from them."""

from __future__ import annotations

import zlib
from typing import Any

from ackgpu.emulator.cs import PRODUCT, instants
from ackgpu.emulator.cs.lookup import cluster_of
from ackgpu.emulator.cs.pages import token_or_page
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc


def record(  # noqa: PLR0913 -- one line of history: all of it is shown
    call: Call,
    kind: tuple[str, str],
    subject: str,
    reason: str,
    message: str,
    *,
    at: float,
    level: str = "info",
) -> None:
    """Write an event down that happens at ``at``; ``kind`` is (cluster id, type)."""
    cluster_id, event_type = kind
    event_id = "-".join((call.new_hex(8), call.new_hex(4), call.new_hex(4))).upper()
    cluster = call.docs.get("cluster", cluster_id)
    body = {
        "type": event_type,
        "subject": subject,
        "level": level,
        "reason": reason,
        "message": message,
    }
    region = cluster.region if cluster else call.region
    call.docs.put(Doc("clusterevent", event_id, region, cluster_id, "", at, None, body))


@PRODUCT.operation("DescribeClusterEvents", "GET /clusters/{cluster_id}/events")
def describe_cluster_events(call: Call) -> dict[str, Any]:
    """The cluster's events, newest first."""
    return _answer(call, _events(call, cluster_of(call).id))


@PRODUCT.operation("DescribeEvents", "GET /events")
def describe_events(call: Call) -> dict[str, Any]:
    """Events of all clusters, or of ``cluster_id``, or of a ``type``."""
    return _answer(call, _events(call, call.params.text("cluster_id") or None))


@PRODUCT.operation("DescribeEventsForRegion", "GET /regions/{region_id}/events")
def describe_events_for_region(call: Call) -> dict[str, Any]:
    """Events of a region's clusters."""
    rows = _events(call, call.params.text("cluster_id") or None)
    return _answer(call, [row for row in rows if row.region == call.path["region_id"]])


@PRODUCT.operation("DescribeClusterLogs", "GET /clusters/{cluster_id}/logs")
def describe_cluster_logs(call: Call) -> list[dict[str, Any]]:
    """The provisioning log as a bare array, oldest first."""
    cluster = cluster_of(call)
    rows = call.docs.find("clusterevent", at=call.now, scope=cluster.id)
    return [
        {
            "ID": zlib.crc32(row.id.encode()),
            "cluster_id": cluster.id,
            "cluster_log": row.body["message"],
            "created": instants.china_time(call, row.created_at),
            "updated": instants.china_time(call, row.created_at),
        }
        for row in rows
    ]


def _events(call: Call, cluster_id: str | None) -> list[Doc]:
    kind = call.params.text("type")
    rows = call.docs.find("clusterevent", at=call.now, scope=cluster_id)
    wanted = [row for row in rows if not kind or row.body["type"] == kind]
    return wanted[::-1]


def _answer(call: Call, rows: list[Doc]) -> dict[str, Any]:
    page, page_info, token = token_or_page(call, rows)
    return {
        "events": [_row(call, row) for row in page],
        "next_token": token,
        "page_info": page_info,
    }


def _row(call: Call, event: Doc) -> dict[str, Any]:
    body = event.body
    return {
        "cluster_id": event.scope,
        "data": {"level": body["level"], "message": body["message"], "reason": body["reason"]},
        "event_id": event.id,
        "source": f"/clusters/{event.scope}",
        "subject": body["subject"],
        "time": stamp(call, event.created_at),
        "type": body["type"],
    }
