"""Tags as reads see them: at once, or late, as the doubt ``tags`` is read.

``body["Tags"]`` is what holds; a change to what exists keeps what was before beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.emulator.doubts import LATE
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.cursor import Place, birth
from ackgpu.emulator.store import Doc


def change_tags(call: Call, doc: Doc, tags: Mapping[str, str]) -> None:
    """Give a document other tags, from now on."""
    doc.body["TagsBefore"] = seen_tags(call, doc)
    doc.body["TagsChanged"] = call.now
    doc.body["Tags"] = dict(tags)


def seen_tags(call: Call, doc: Doc) -> dict[str, str]:
    """The tags that a read shows now."""
    changed = float(doc.body.get("TagsChanged", doc.created_at))
    if call.doubt("tags") == "late" and call.now < changed + LATE:
        return dict(doc.body.get("TagsBefore", {}))
    return dict(doc.body["Tags"])


def place_of_tag(row: tuple[Doc, str, str]) -> Place:
    """Where a tag stands in a list of tags: by its resource's birth, then by its key."""
    doc, key, _ = row
    return (*birth(doc), key)
