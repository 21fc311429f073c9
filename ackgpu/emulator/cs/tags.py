"""Tags of clusters, by the operations that all products share."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.lookup import body_of, cluster_tags, query_list, tag_rows, text, texts
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.cursor import birth, first_after, token_after
from ackgpu.emulator.shared.fields import change_tags, place_of_tag, seen_tags
from ackgpu.emulator.store import Doc

RESOURCE_TYPE = "CLUSTER"
OWN_TAG = "ack.aliyun.com"
PAGE = 50


@PRODUCT.operation("TagResources", "PUT /tags", request_id_key="RequestId")
def tag_resources(call: Call) -> dict[str, Any]:
    """Add tags to clusters."""
    body = body_of(call)
    tags = cluster_tags(tag_rows(body))
    if not tags:
        raise invalid("tags")
    for cluster in _clusters(
        call, text(body, "resource_type"), texts(body, "resource_ids"), text(body, "region_id")
    ):
        merged = cluster.body["Tags"] | tags
        own = OWN_TAG in cluster.body["Tags"]
        if len(merged) - own > limits.limit(call, "tags"):
            message = "the number of tags would exceed the quota"
            raise ApiError("QuotaExceeded.Tags", message, 403)
        change_tags(call, cluster, merged)
        call.docs.put(cluster)
    return {}


@PRODUCT.operation("UntagResources", "DELETE /tags", request_id_key="RequestId")
def untag_resources(call: Call) -> dict[str, Any]:
    """Take tags away, or ``all`` of the user's."""
    keys = {str(key) for key in query_list(call, "tag_keys")}
    every = call.params.boolean("all") and not keys
    for cluster in _of_query(call):
        kept = {
            key: value
            for key, value in cluster.body["Tags"].items()
            if key == OWN_TAG or not (every or key in keys)
        }
        change_tags(call, cluster, kept)
        call.docs.put(cluster)
    return {}


@PRODUCT.operation("ListTagResources", "GET /tags", request_id_key="request_id")
def list_tag_resources(call: Call) -> dict[str, Any]:
    """The tags of the named clusters, 50 a page."""
    wanted = query_list(call, "tags")
    rows = [
        (cluster, key, value)
        for cluster in _of_query(call)
        for key, value in sorted(seen_tags(call, cluster).items())
        if not wanted or any(_matches(row, key, value) for row in wanted)
    ]
    start = first_after(rows, call.params.text("next_token"), place_of_tag)
    page = rows[start : start + PAGE]
    token = token_after(page, place_of_tag) if start + PAGE < len(rows) else ""
    shown = [
        {
            "resource_id": cluster.id,
            "resource_type": RESOURCE_TYPE,
            "tag_key": key,
            "tag_value": value,
        }
        for cluster, key, value in page
    ]
    return {"next_token": token, "tag_resources": {"tag_resource": shown}}


def _matches(row: dict[str, Any], key: str, value: str) -> bool:
    return row.get("key") in {None, key} and row.get("value") in {None, "", value}


def _of_query(call: Call) -> list[Doc]:
    params = call.params
    ids = [str(each) for each in query_list(call, "resource_ids")]
    found = _clusters(call, params.text("resource_type"), ids, params.text("region_id"))
    return sorted(found, key=birth)


def _clusters(call: Call, kind: str, ids: list[str], region: str) -> list[Doc]:
    if kind.upper() != RESOURCE_TYPE:
        raise invalid("resource_type")
    found = [call.docs.get("cluster", each) for each in ids]
    clusters = [
        doc
        for doc in found
        if doc is not None and doc.alive(call.now) and region in {"", doc.region}
    ]
    if not ids or len(clusters) < len(ids):
        raise ApiError("ErrorClusterNotFound", f"cluster {','.join(ids)} not found", 404)
    return clusters
