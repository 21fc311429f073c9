"""Tagging by TagResources, as VPC and SLB share it: the limits are the same, the codes are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, Product, token_page
from ackgpu.emulator.shared.fields import change_tags, place_of_tag, seen_tags, tagged
from ackgpu.emulator.shared.limits import limit
from ackgpu.emulator.store import Doc

MAX_RESOURCES = 50
MAX_TAGS = 20
"""What one request may name (TagResources)."""
MAX_KEY, MAX_VALUE = 128, 128
RESERVED = ("aliyun", "acs:")
FORBIDDEN = ("http://", "https://")


@dataclass(frozen=True)
class Tagging:
    """A product's taggable resources, and its codes for what may go wrong."""

    kinds: Mapping[str, str]
    unknown_type: str
    unknown_id: str
    bad_key: str
    too_many_ids: str
    too_many_tags: str
    over_quota: str
    no_tags: str
    nothing_asked: str

    def serve(self, product: Product, *, untag: str) -> None:
        """Register the product's three operations; ``untag`` is how it spells UntagResources."""
        product.operation("TagResources", writes=True, idempotent_by_token=False)(self.set_tags)
        product.operation(untag, writes=True, idempotent_by_token=False)(self.clear_tags)
        product.operation("ListTagResources")(self.list_tags)

    def new_tags(self, call: Call) -> dict[str, str]:
        """The tags that a request gives, checked: none where it gives none."""
        tags = call.params.tags()
        if len(tags) > MAX_TAGS:
            raise ApiError(self.too_many_tags, "The maximum number of tags is exceeded.")
        for key, value in tags.items():
            reserved = key.lower().startswith((*RESERVED, *FORBIDDEN))
            if reserved or len(key) > MAX_KEY or len(value) > MAX_VALUE:
                raise ApiError(self.bad_key, "The tag keys are not valid.")
        return tags

    def set_tags(self, call: Call) -> None:
        """TagResources: adds tags, and gives those that are there a new value."""
        docs = self._named(call)
        tags = self.new_tags(call)
        if not tags:
            raise ApiError(self.no_tags, "You must specify the Tags parameter.")
        for doc in docs:
            change_tags(call, doc, doc.body["Tags"] | tags)
            if len(doc.body["Tags"]) > limit(call, "tags"):
                raise ApiError(self.over_quota, "Custom Tags quota exceeded")
            call.docs.put(doc)

    def clear_tags(self, call: Call) -> None:
        """UntagResources: removes the keys named, or every tag where All is true."""
        keys = call.params.listed("TagKey")
        everything = call.params.boolean("All") and not keys
        for doc in self._named(call):
            kept = doc.body["Tags"].items()
            left = {key: value for key, value in kept if not everything and key not in keys}
            change_tags(call, doc, left)
            call.docs.put(doc)

    def list_tags(self, call: Call) -> dict[str, Any]:
        """ListTagResources: a row for each tag of each resource that has all the tags requested.

        UNCONFIRMED whether a search by tags shows a resource's other tags; here it does.
        """
        resource_type = call.params.required("ResourceType")
        kind = self._kind(resource_type)
        ids, wanted = call.params.listed("ResourceId"), call.params.tags()
        if not ids and not wanted:
            raise ApiError(
                self.nothing_asked,
                "The specified Tags and ResourcesIds are not allow to both empty.",
            )
        rows = [
            (doc, key, value)
            for doc in call.all(kind, ids=ids)
            if tagged(call, doc, wanted)
            for key, value in sorted(seen_tags(call, doc).items())
        ]
        page, token = token_page(
            call, rows, default=MAX_RESOURCES, most=MAX_RESOURCES, place=place_of_tag
        )
        shown = [
            {"ResourceType": resource_type, "ResourceId": doc.id, "TagKey": key, "TagValue": value}
            for doc, key, value in page
        ]
        return {"TagResources": {"TagResource": shown}, "NextToken": token}

    def _kind(self, resource_type: str) -> str:
        kind = self.kinds.get(resource_type)
        if kind is None:
            raise ApiError(self.unknown_type, "The instance type is not found")
        return kind

    def _named(self, call: Call) -> list[Doc]:
        """The resources that the request names, all of which must exist."""
        kind = self._kind(call.params.required("ResourceType"))
        ids = call.params.listed("ResourceId")
        if not ids:
            call.params.required("ResourceId.1")
        if len(ids) > MAX_RESOURCES:
            raise ApiError(self.too_many_ids, "The maximum number of resource IDs is exceeded.")
        docs = [doc for doc in (call.alive(kind, each) for each in ids) if doc is not None]
        if len(docs) < len(ids):
            raise ApiError(self.unknown_id, "The instanceIds are not found")
        return docs
