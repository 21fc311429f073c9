"""Which limit of the account an instance counts against, and how much of it.

vGPU instances are counted by number, whole GPUs by card, each by way of paying (Quota Center,
product ecs-spec).
"""

from __future__ import annotations

import re
from typing import Literal

from ackgpu.spec import catalog

Paying = Literal["postpay", "prepay", "spot"]

_VGPU_LIMITS: dict[Paying, str] = {
    "postpay": "vgpu_instances",
    "prepay": "vgpu_prepaid_instances",
    "spot": "vgpu_spot_instances",
}
FAMILIES = ("gn5", "gn6i", "gn6v", "gn6e", "gn7i", "gn7v", "gn7e", "gn8i", "gn8v")
"""Families of whole GPUs whose quota has a published name (ECS documentation, 2026-11)."""
OTHERS = "other"
_ID = re.compile(r"ecs\.(?P<family>[a-z]+\d[a-z]*)(?:-c(?P<vcpus>\d+)g1)?\.(?P<size>\d*x?large)")


def paying_of(charge_type: str, *, spot: bool) -> Paying:
    """The way of paying as quotas name it."""
    if spot:
        return "spot"
    return "prepay" if charge_type == "PrePaid" else "postpay"


def counts_against(type_id: str, paying: Paying) -> tuple[str, int]:
    """The key of the limit that an instance of the type counts against, and by how much."""
    if not catalog.looks_whole_gpu(type_id):
        return _VGPU_LIMITS[paying], 1
    found = _ID.fullmatch(type_id)
    family = found["family"] if found else ""
    return whole_gpu_limit(family if family in FAMILIES else OTHERS, paying), cards_of(type_id)


def whole_gpu_limit(family: str, paying: str) -> str:
    """The key of the limit on cards of a family."""
    return f"gpus_{family}_{paying}"


def cards_of(type_id: str) -> int:
    """The cards of a type with whole GPUs, by its name; 1, the least, if its name does not tell.

    ``gn6i-c24g1.12xlarge`` has 24 vCPU a GPU and 48 vCPU, so two cards (ECS documentation, naming
    of instance types).
    """
    found = _ID.fullmatch(type_id)
    if not found or not found["vcpus"]:
        return 1
    return max(1, _vcpus(found["size"]) // int(found["vcpus"]))


def _vcpus(size: str) -> int:
    """``large`` 2, ``xlarge`` 4, ``12xlarge`` 48 (the same page)."""
    if size == "large":
        return 2
    return 4 * int(size.removesuffix("xlarge") or 1)
