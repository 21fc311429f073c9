"""Tags of ECS resources: ``body["Tags"]`` is ``{key: value}``, answers show TagKey and TagValue."""

from __future__ import annotations

from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc


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
