"""Products, quotas and their dimensions."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError, missing
from ackgpu.emulator.operation import Call
from ackgpu.emulator.quotas import PRODUCT, tables
from ackgpu.emulator.shared import catalog

DEFAULT, MOST, MAX_PRODUCTS = 30, 100, 200
NEEDS_DIMENSIONS = frozenset({"ecs", "ecs-spec", "edas", "ess"})
"""Products whose GetProductQuota does not answer without Dimensions."""


def max_results(call: Call, most: int = MOST) -> int:
    """MaxResults, which is refused outside of 1 to ``most``."""
    text = call.params.text("MaxResults", str(DEFAULT))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise ApiError(
            "INVALID.MAX.RESULTS",
            "The maxResults parameter is invalid. Use an integer ranging from 1 to 100.",
        )
    return int(text)


def pages(call: Call, rows: list[Any], most: int = MOST) -> tuple[list[Any], dict[str, Any]]:
    """One page of rows that stay as they are, by NextToken and MaxResults."""
    size = max_results(call, most)
    token = call.params.text("NextToken", "0")
    if not token.isdecimal():
        raise ApiError("InvalidParameter.NextToken", "The NextToken is not valid.")
    start = int(token)
    following = str(start + size) if start + size < len(rows) else ""
    numbers = {"TotalCount": len(rows), "NextToken": following, "MaxResults": size}
    return rows[start : start + size], numbers


@PRODUCT.operation("ListProducts")
def list_products(call: Call) -> dict[str, Any]:
    """ListProducts."""
    some, numbers = pages(call, tables.products(), MAX_PRODUCTS)
    rows = [
        {
            "ProductCode": row["code"],
            "ProductName": row["name"],
            "ProductNameEn": row["name"],
            "SecondCategoryId": row["category_id"],
            "SecondCategoryName": row["category"],
            "SecondCategoryNameEn": row["category"],
            "Dynamic": row["code"] == "ecs-spec",
            "CommonQuotaSupport": "support",
            "FlowControlSupport": "unsupport",
            "WhiteListLabelQuotaSupport": "unsupport",
        }
        for row in some
    ]
    return {"ProductInfo": rows, **numbers}


@PRODUCT.operation("ListProductQuotas")
def list_product_quotas(call: Call) -> dict[str, Any]:
    """ListProductQuotas: rate quotas and privileges (other categories) there are none."""
    params = call.params
    order = params.text("SortOrder", "Ascending")
    if order not in {"Ascending", "Descending"}:
        raise ApiError("InvalidSortOrder", "Invalid SortOrder")
    found = tables.quotas(params.required("ProductCode"))
    word = params.text("KeyWord").lower()
    rows = [
        row
        for row in found
        if params.fit(QuotaActionCode=row["code"], QuotaCategory=tables.COMMON)
        and word in f"{row['name']} {row['description']}".lower()
    ]
    some, numbers = pages(call, rows)
    region = tables.region_asked(call)
    return {"Quotas": [tables.shown(call, row, region) for row in some], **numbers}


@PRODUCT.operation("GetProductQuota")
def get_product_quota(call: Call) -> dict[str, Any]:
    """GetProductQuota; the code of the refusal without Dimensions is UNCONFIRMED."""
    product = call.params.required("ProductCode")
    row = tables.quota(product, call.params.required("QuotaActionCode"))
    if product in NEEDS_DIMENSIONS and not call.params.objects("Dimensions"):
        raise missing("Dimensions")
    return {"Quota": tables.shown(call, row, tables.region_asked(call))}


def _region_dimension() -> dict[str, Any]:
    """The only dimension that there is: regionId, which depends on no other."""
    regions = catalog.regions()
    return {
        "DimensionKey": "regionId",
        "Name": "Region",
        "DependentDimensions": [],
        "DimensionValues": [row["id"] for row in regions],
        "DimensionValueDetail": [{"Name": row["name"], "Value": row["id"]} for row in regions],
    }


@PRODUCT.operation("ListProductQuotaDimensions")
def list_product_quota_dimensions(call: Call) -> dict[str, Any]:
    """ListProductQuotaDimensions: regionId for products with regional quotas."""
    product = call.params.required("ProductCode")
    regional = any(row["regional"] for row in tables.quotas(product))
    row = _region_dimension() | {"Requisite": product in NEEDS_DIMENSIONS}
    for detail in row["DimensionValueDetail"]:
        detail["DependentDimensions"] = []
    some, numbers = pages(call, [row] if regional else [])
    return {"QuotaDimensions": some, **numbers}


@PRODUCT.operation("GetProductQuotaDimension")
def get_product_quota_dimension(call: Call) -> dict[str, Any]:
    """GetProductQuotaDimension: an empty object for a dimension that there is not."""
    call.params.required("ProductCode")
    known = call.params.text("DimensionKey") == "regionId"
    return {"QuotaDimension": _region_dimension() if known else {}}


@PRODUCT.operation("ListProductDimensionGroups")
def list_product_dimension_groups(call: Call) -> dict[str, Any]:
    """ListProductDimensionGroups: no product here groups its dimensions."""
    call.params.required("ProductCode")
    some, numbers = pages(call, [])
    return {"DimensionGroups": some, **numbers}


@PRODUCT.operation("ListDependentQuotas")
def list_dependent_quotas(call: Call) -> dict[str, Any]:
    """ListDependentQuotas: what has to be raised along with a quota."""
    product, code = call.params.required("ProductCode"), call.params.required("QuotaActionCode")
    rows = [
        {"ProductCode": one, "QuotaActionCode": other, "Scale": 1.0, "Dimensions": []}
        for one, other in tables.dependents(product, code)
    ]
    return {"Quotas": rows}
