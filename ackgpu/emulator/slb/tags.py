"""TagResources, UntagResources and ListTagResources of the SLB product."""

from __future__ import annotations

from ackgpu.emulator.shared.tag_rules import Tagging
from ackgpu.emulator.slb import PRODUCT

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
TAGGING.serve(PRODUCT, untag="UntagResources")
