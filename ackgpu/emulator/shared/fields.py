"""How products write instants and tags, and what VPC takes for names and descriptions.

Tags are seen by reads at once, or late, as the doubt ``tags`` is read: ``body["Tags"]`` is what
holds; a change to what exists keeps what was before beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ackgpu.emulator.doubts import LATE
from ackgpu.emulator.errors import ApiError
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


_NAME = re.compile(r"^(?!https?://).{1,128}$", re.DOTALL)
_DESCRIPTION = re.compile(r"^(?!https?://).{0,256}$", re.DOTALL)


def stamp(call: Call, seconds: float) -> str:
    """An instant as ``YYYY-MM-DDThh:mm:ssZ``."""
    return call.instant(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute_stamp(call: Call, seconds: float) -> str:
    """An instant as ``YYYY-MM-DDThh:mmZ``."""
    return call.instant(seconds).strftime("%Y-%m-%dT%H:%MZ")


def key_value_tags(call: Call, doc: Doc) -> dict[str, list[dict[str, str]]]:
    """Tags as VPC, vSwitch, route table and EIP write them."""
    return {"Tag": [{"Key": key, "Value": value} for key, value in seen_tags(call, doc).items()]}


def tag_key_tags(call: Call, doc: Doc) -> dict[str, list[dict[str, str]]]:
    """Tags as NAT gateways and load balancers write them."""
    return {
        "Tag": [{"TagKey": key, "TagValue": value} for key, value in seen_tags(call, doc).items()]
    }


def tagged(call: Call, doc: Doc, wanted: Mapping[str, str]) -> bool:
    """Whether it carries every wanted tag; a key without a value matches any value."""
    tags = seen_tags(call, doc)
    return all(key in tags and (not value or tags[key] == value) for key, value in wanted.items())


def checked_name(call: Call, parameter: str, code: str) -> str:
    """A name of 1 to 128 characters that is not a URL, or empty; refuses with ``code``."""
    name = call.params.text(parameter)
    if name and not _NAME.match(name):
        raise ApiError(code, f"The specified {parameter} is not valid.")
    return name


def checked_description(call: Call, code: str = "InvalidDescription.Malformed") -> str:
    """A description of at most 256 characters that is not a URL; refuses with ``code``."""
    text = call.params.text("Description")
    if not _DESCRIPTION.match(text):
        raise ApiError(code, "The specified Description is not valid.")
    return text
