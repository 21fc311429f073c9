"""Tags of ECS resources: TagResources, UntagResources, ListTagResources, and what others ask.

``body["Tags"]`` is ``{key: value}``, answers show TagKey and TagValue.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, token_page
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.fields import change_tags, place_of_tag, seen_tags, tagged
from ackgpu.emulator.store import Doc

MAX_TAG_LENGTH = 128
FORBIDDEN = ("aliyun", "acs:", "http://", "https://")


def tag_rows(call: Call, doc: Doc) -> list[dict[str, str]]:
    """The tags as ECS answers show them."""
    return [{"TagKey": key, "TagValue": value} for key, value in seen_tags(call, doc).items()]


def has_tags(call: Call, doc: Doc) -> bool:
    """Whether the document carries every tag that the request filters by (``Tag.N``).

    A filter without a value asks for the key alone.
    """
    return tagged(call, doc, call.params.tags())


def new_tags(call: Call) -> dict[str, str]:
    """The tags that a request sets (``Tag.N``), checked as ECS does.

    Raises Duplicate.TagKey, InvalidTagKey.Malformed, InvalidTagValue.Malformed (400) and
    NumberExceed.Tags (400) for more than 20.
    """
    tags = call.params.tags()
    rows = call.params.objects("Tag")
    if len(rows) > limits.limit(call, "tags"):
        raise ApiError("NumberExceed.Tags", "The Tags parameter's number is exceed , Valid : 20.")
    if len({row.get("Key") or row.get("key", "") for row in rows}) < len(rows):
        raise ApiError("Duplicate.TagKey", "The Tag.N.Key contain duplicate key.")
    for key, value in tags.items():
        if len(key) > MAX_TAG_LENGTH or key.lower().startswith(FORBIDDEN):
            raise ApiError("InvalidTagKey.Malformed", "The specified Tag.n.Key is not valid.")
        if len(value) > MAX_TAG_LENGTH or value.startswith(("http://", "https://")):
            raise ApiError("InvalidTagValue.Malformed", "The specified Tag.n.Value is not valid.")
    return tags


KINDS = {
    "instance": "instance",
    "disk": "disk",
    "securitygroup": "securitygroup",
    "eni": "eni",
    "keypair": "keypair",
}
"""The ResourceType of each taggable kind that is emulated."""
MAX_RESOURCES = 50


@PRODUCT.operation("TagResources", writes=True, idempotent_by_token=False)
def tag_resources(call: Call) -> None:
    """TagResources: set tags, changing the values of keys that are there."""
    docs = _resources(call)
    tags = new_tags(call)
    if not tags:
        raise ApiError("MissingParameter.Tags", "The parameter - Tags should not be null.", 404)
    for doc in docs:
        change_tags(call, doc, doc.body["Tags"] | tags)
        if len(doc.body["Tags"]) > limits.limit(call, "tags"):
            raise ApiError("QuotaExceed.Tags", f"{doc.id} would have too many tags.", 403)
        call.docs.put(doc)


@PRODUCT.operation("UntagResources", writes=True, idempotent_by_token=False)
def untag_resources(call: Call) -> None:
    """UntagResources: take the named keys away, or all of them with All=true."""
    keys = call.params.listed("TagKey")
    every = not keys and call.params.boolean("All")
    for doc in _resources(call):
        own = doc.body["Tags"]
        kept = {k: v for k, v in own.items() if not every and k not in keys}
        change_tags(call, doc, kept)
        call.docs.put(doc)


@PRODUCT.operation("ListTagResources")
def list_tag_resources(call: Call) -> dict[str, Any]:
    """ListTagResources, by resource ids, by tags, or both."""
    kind, type_name = _kind(call)
    ids = call.params.listed("ResourceId")
    if not ids and not call.params.tags():
        raise ApiError(
            "BothEmpty.TagsAndResources",
            "The specified Tags and ResourcesIds are not allow to both empty.",
            403,
        )
    rows = [
        (doc, key, value)
        for doc in call.all(kind)
        if (not ids or doc.id in ids or doc.name in ids) and has_tags(call, doc)
        for key, value in sorted(seen_tags(call, doc).items())
    ]
    page, token = token_page(call, rows, default=50, most=1000, place=place_of_tag)
    shown = [
        {"ResourceType": type_name, "ResourceId": doc.id, "TagKey": key, "TagValue": value}
        for doc, key, value in page
    ]
    return {"NextToken": token, "TagResources": {"TagResource": shown}}


def _kind(call: Call) -> tuple[str, str]:
    name = call.params.required("ResourceType")
    if name.lower() not in KINDS:
        raise ApiError(
            "InvalidResourceType.NotFound",
            "The ResourceType provided does not exist in our records.",
            404,
        )
    return KINDS[name.lower()], name.lower()


def _resources(call: Call) -> list[Doc]:
    """The resources named, each by its id (a key pair by its name as well)."""
    kind, _ = _kind(call)
    ids = call.params.listed("ResourceId")
    if not ids:
        raise ApiError(
            "MissingParameter.ResourceIds", "The parameter - ResourceIds.N should not be null.", 404
        )
    if len(ids) > MAX_RESOURCES:
        raise ApiError(
            "NumberExceed.ResourceIds", "The ResourceIds parameter's number is exceed , Valid : 50."
        )
    docs = []
    for one in ids:
        doc = call.alive(kind, one)
        if doc is None and kind == "keypair":
            doc = next((pair for pair in call.all(kind) if pair.name == one), None)
        if doc is None:
            raise ApiError(
                "InvalidResourceId.NotFound",
                "The specified ResourceId is not found in our records",
                404,
            )
        docs.append(doc)
    return docs
