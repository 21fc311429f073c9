"""TagResources, UnTagResources (sic) and ListTagResources of the VPC product."""

from __future__ import annotations

from ackgpu.emulator.shared.tag_rules import Tagging
from ackgpu.emulator.vpc import PRODUCT

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
TAGGING.serve(PRODUCT, untag="UnTagResources")
