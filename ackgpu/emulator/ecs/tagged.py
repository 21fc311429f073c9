"""Tags of ECS resources: ``body["Tags"]`` is ``{key: value}``, answers show TagKey and TagValue."""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.seen_tags import seen_tags
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
    own = seen_tags(call, doc)
    return all(
        key in own and (not value or own[key] == value) for key, value in call.params.tags().items()
    )


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
