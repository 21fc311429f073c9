"""Tags of ECS resources: ``body["Tags"]`` is ``{key: value}``, answers show TagKey and TagValue."""

from __future__ import annotations

from ackgpu.emulator import limits
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

LONGEST = 128
FORBIDDEN = ("aliyun", "acs:", "http://", "https://")


def tag_rows(doc: Doc) -> list[dict[str, str]]:
    """The tags as ECS answers show them."""
    return [{"TagKey": key, "TagValue": value} for key, value in doc.body["Tags"].items()]


def has_tags(call: Call, doc: Doc) -> bool:
    """Whether the document carries every tag that the request filters by (``Tag.N``).

    A filter without a value asks for the key alone.
    """
    own = doc.body["Tags"]
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
        raise ApiError("NumberExceed.Tags", "There are too many tags in one request.")
    if len({row.get("Key") or row.get("key", "") for row in rows}) < len(rows):
        raise ApiError("Duplicate.TagKey", "A tag key is given more than once.")
    for key, value in tags.items():
        if len(key) > LONGEST or key.lower().startswith(FORBIDDEN):
            raise ApiError("InvalidTagKey.Malformed", f"The tag key {key} is not valid.")
        if len(value) > LONGEST or value.startswith(("http://", "https://")):
            raise ApiError("InvalidTagValue.Malformed", f"The value of the tag {key} is not valid.")
    return tags
