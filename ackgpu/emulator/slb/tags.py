"""TagResources, UntagResources and ListTagResources of the SLB product."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.slb.product import PRODUCT
from ackgpu.emulator.vpc.tagging import Tagging

TAGGING = Tagging(
    kinds={"instance": "loadbalancer", "listener": "listener", "vservergroup": "vservergroup"},
    unknown_type="InvalidParam.ResourceType",
    unknown_id="ResourceNotExist",
    bad_key="InvalidParam.TagKey",
    too_many_ids="SizeLimitExceeded.ResourceId",
    too_many_tags="SizeLimitExceeded.Tag",
    over_quota="QuotaLimitExceeds",
    no_tags="MissingParam.TagKey",
    nothing_asked="MissingParam.TagOrResourceId",
)


@PRODUCT.operation("TagResources", writes=True, tokened=False)
def tag_resources(call: Call) -> dict[str, Any]:
    """TagResources: resource types in small letters."""
    return TAGGING.set_tags(call)


@PRODUCT.operation("UntagResources", writes=True, tokened=False)
def untag_resources(call: Call) -> dict[str, Any]:
    """UntagResources, with a small t in this product."""
    return TAGGING.clear_tags(call)


@PRODUCT.operation("ListTagResources")
def list_tag_resources(call: Call) -> dict[str, Any]:
    """ListTagResources, by resource ids, by tags, or by both."""
    return TAGGING.list_tags(call)
