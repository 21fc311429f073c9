"""TagResources, UnTagResources (sic) and ListTagResources of the VPC product."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.vpc.product import PRODUCT
from ackgpu.emulator.vpc.tagging import Tagging

TAGGING = Tagging(
    kinds={
        "VPC": "vpc",
        "VSWITCH": "vswitch",
        "ROUTETABLE": "routetable",
        "EIP": "eip",
        "NATGATEWAY": "natgateway",
    },
    unknown_type="InvalidInstanceType.NotFound",
    unknown_id="InvalidInstanceIds.NotFound",
    bad_key="InvalidTagKey",
    too_many_ids="SizeLimitExceeded.ResourceId",
    too_many_tags="SizeLimitExceeded.TagNum",
    over_quota="QuotaExceeded.TagNum",
    no_tags="MissingParam.Tags",
    nothing_asked="BothEmpty.TagsAndResources",
)


@PRODUCT.operation("TagResources", writes=True, tokened=False)
def tag_resources(call: Call) -> dict[str, Any]:
    """TagResources: resource types in capitals."""
    return TAGGING.set_tags(call)


@PRODUCT.operation("UnTagResources", writes=True, tokened=False)
def untag_resources(call: Call) -> dict[str, Any]:
    """UnTagResources, with a capital T in this product."""
    return TAGGING.clear_tags(call)


@PRODUCT.operation("ListTagResources")
def list_tag_resources(call: Call) -> dict[str, Any]:
    """ListTagResources, by resource ids, by tags, or by both."""
    return TAGGING.list_tags(call)
