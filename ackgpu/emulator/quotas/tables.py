"""The quotas that there are, their values, and what is used of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ackgpu.emulator.account import REGION
from ackgpu.emulator.ecs.instance_quotas import gpu_cards, used_vcpus, vgpu_instances
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.tables import table

COMMON = "CommonQuota"
Row = dict[str, Any]


def products() -> list[Row]:
    """The products with quotas: ``{code, name, category, category_id}``."""
    rows: list[Row] = table("quotas")["products"]
    return rows


def _all() -> Iterator[Row]:
    """The rows of the data file, and one for each family of whole GPUs and way of paying."""
    yield from table("quotas")["quotas"]
    for family in limits.WHOLE_GPUS:
        for charge_type, paying in limits.PAYING.items():
            code = f"q_ecs_{family}_{paying}_g"
            yield {
                "product": "ecs-spec",
                "code": code,
                "name": code,
                "description": f"{charge_type} GPUs of {family} in the region",
                "unit": "",
                "limit": f"gpus_{family}_{paying}",
                "used": f"gpu:{family}:{charge_type}",
                "regional": True,
                "most": 10_000,
            }


def quotas(product: str) -> list[Row]:
    """The quotas of a product, as the data file has them."""
    return [row for row in _all() if row["product"] == product]


def quota(product: str, code: str) -> Row:
    """One quota; refuses with QUOTA.NOT.FOUND (400, UNCONFIRMED for GetProductQuota)."""
    for row in quotas(product):
        if row["code"] == code:
            return row
    raise ApiError("QUOTA.NOT.FOUND", "The quota does not exist.")


def dependents(product: str, code: str) -> list[tuple[str, str]]:
    """The (product, code) of the quotas that one depends on."""
    rows = table("quotas")["dependent"].get(f"{product}/{code}", [])
    return [(one, other) for one, other in rows]


def region_asked(call: Call) -> str:
    """The region of ``Dimensions``; a regional quota requested without one is Hangzhou's."""
    for row in call.params.objects("Dimensions"):
        if row.get("Key") == "regionId":
            return row.get("Value") or REGION
    return REGION


def scope(call: Call, row: Row, region: str) -> str:
    """The region that a quota holds for; empty if it holds for the account."""
    return region if row["regional"] else limits.counted_in(call, row["limit"], region)


def shown(call: Call, row: Row, region: str) -> Row:
    """The Quota object. A quota without ``Consumable`` has no use that means anything."""
    where = scope(call, row, region)
    total = limits.limit(call, row["limit"], where)
    account = call.caller.account_id
    return {
        "ProductCode": row["product"],
        "QuotaActionCode": row["code"],
        "QuotaName": row["name"],
        "QuotaDescription": row["description"],
        "QuotaArn": f"acs:quotas:{where or '*'}:{account}:quota/{row['product']}/{row['code']}",
        "QuotaUnit": row["unit"],
        "QuotaType": "normal",
        "QuotaCategory": COMMON,
        "TotalQuota": total,
        "TotalUsage": used(call, row, where),
        "Consumable": bool(row["used"]),
        "Adjustable": total < row["most"],
        "UnadjustableDetail": "" if total < row["most"] else "limitReached",
        "ApplicableType": "continuous",
        "ApplicableRange": [total + 1, row["most"]] if total < row["most"] else [],
        "SupportedRange": [],
        "Dimensions": {"regionId": where} if where else {},
        "QuotaItems": _items(row, total, used(call, row, where)),
        "GlobalQuota": not where,
        "EffectiveTime": "",
        "ExpireTime": "",
        "ApplyReasonTips": "",
    }


def _items(row: Row, total: int, usage: int) -> list[Row]:
    """Only ecs-spec splits a quota into items."""
    if row["product"] != "ecs-spec":
        return []
    base = {"Type": "BaseQuota", "Quota": str(total), "QuotaUnit": row["unit"]}
    return [base | {"Usage": str(usage)}]


def used(call: Call, row: Row, region: str) -> int:
    """How much of a quota is in use, counted from what exists; 0 where it is not counted."""
    what = row["used"]
    if not what:
        return 0
    if what == "vcpu":
        return used_vcpus(call, region)
    if what.startswith("vgpu:"):
        return vgpu_instances(call, region, what.removeprefix("vgpu:"))
    if what.startswith("gpu:"):
        _, family, charge_type = what.split(":")
        return gpu_cards(call, region, family, charge_type)
    return call.docs.count(what, at=call.now, region=region or None)
