"""Applications for a larger quota: in Process for some minutes, then agreed to or not.

Reviews take minutes for small raises (seen in the field). What is asked for within the quota's
range is agreed to, and raises the limit at once.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.quotas import PRODUCT, tables
from ackgpu.emulator.quotas.reads import max_results
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.cursor import birth, first_after, token_after
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.shared.lifecycle import Lifecycle, reached
from ackgpu.emulator.store import Doc

KIND = "quotaapplication"
STATUSES = frozenset({"Process", "Agree", "Disagree", "Cancel"})
REVIEW_SECONDS = 300.0
APPLICATION = Lifecycle("quota application", {"Process": "Agree"})


@PRODUCT.operation("CreateQuotaApplication", writes=True, idempotent_by_token=False)
def create_quota_application(call: Call) -> dict[str, Any]:
    """CreateQuotaApplication: one open application a quota and region."""
    params = call.params
    row = tables.quota(params.required("ProductCode"), params.required("QuotaActionCode"))
    region = tables.scope(call, row, tables.region_asked(call))
    reason = params.required("Reason")
    wanted = _desired(call, row, region)
    if any(call.state(doc) == "Process" for doc in _applications(call, row, region)):
        raise ApiError(
            "QUOTA.APPLICATION.PROCESS",
            "The quota adjustment application is being processed. Please try again later.",
        )
    body = {
        "ProductCode": row["product"],
        "QuotaActionCode": row["code"],
        "DesireValue": wanted,
        "Reason": reason,
        "NoticeType": params.integer("NoticeType", 0, high=3),
        "phases": APPLICATION.course(call.now, (0, "Process"), (REVIEW_SECONDS, "Agree")),
    }
    doc = Doc(KIND, _new_id(call), region, "", row["limit"], call.now, None, body)
    shown = _shown(call, call.docs.put(doc))
    del shown["Comment"]
    return shown


def _new_id(call: Call) -> str:
    digits = call.new_hex(32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _desired(call: Call, row: tables.Row, region: str) -> int:
    """The value requested: a whole number above the present one, within the range."""
    try:
        wanted = float(call.params.required("DesireValue"))
    except ValueError:
        raise ApiError("InvalidDesireValue", "Invalid DesireValue") from None
    present = limits.limit(call, row["limit"], region)
    if present >= row["most"]:
        raise ApiError("QUOTA.NOT.ADJUSTABLE", "Quota is not adjustable")
    if wanted != int(wanted) or not present < wanted <= row["most"]:
        raise ApiError("QUOTA.DESIREVALUE.ILLEGAL", "The applied quota value is invalid.")
    return int(wanted)


def _applications(call: Call, row: tables.Row, region: str) -> list[Doc]:
    found = call.docs.find(KIND, at=call.now, name=row["limit"], region=region)
    return [doc for doc in found if doc.body["QuotaActionCode"] == row["code"]]


def _shown(call: Call, doc: Doc) -> dict[str, Any]:
    body = doc.body
    row = tables.quota(body["ProductCode"], body["QuotaActionCode"])
    agreed = call.state(doc) == "Agree"
    decided = reached(body["phases"], "Agree")
    effective = call.instant(decided) if agreed and decided is not None else None
    quota = tables.shown(call, row, doc.region)
    return {
        "ApplicationId": doc.id,
        "ProductCode": row["product"],
        "QuotaActionCode": row["code"],
        "QuotaName": row["name"],
        "QuotaDescription": row["description"],
        "QuotaArn": quota["QuotaArn"],
        "QuotaUnit": row["unit"],
        "Dimension": quota["Dimensions"],
        "DesireValue": body["DesireValue"],
        "ApproveValue": body["DesireValue"] if agreed else 0,
        "Status": call.state(doc),
        "Reason": body["Reason"],
        "AuditReason": "Agreed" if agreed else "",
        "Comment": "",
        "NoticeType": body["NoticeType"],
        "ApplyTime": stamp(call, doc.created_at),
        "EffectiveTime": effective.strftime("%Y-%m-%dT%H:%M:%SZ") if effective else "",
        "ExpireTime": "",
    }


@PRODUCT.operation("GetQuotaApplication")
def get_quota_application(call: Call) -> dict[str, Any]:
    """GetQuotaApplication."""
    doc = call.docs.get(KIND, call.params.required("ApplicationId"))
    if doc is None:
        raise ApiError("QUOTA.APPLICATION.NOT.FOUND", "Quota application does not exist")
    shown = _shown(call, doc)
    del shown["Comment"]
    return {"QuotaApplication": shown}


@PRODUCT.operation("ListQuotaApplications")
def list_quota_applications(call: Call) -> dict[str, Any]:
    """ListQuotaApplications, the latest first."""
    params = call.params
    status = params.text("Status")
    if status and status not in STATUSES:
        raise ApiError("InvalidStatus", "Invalid Status")
    docs = [
        doc
        for doc in reversed(call.docs.find(KIND, at=call.now))
        if params.fit(
            ProductCode=doc.body["ProductCode"], QuotaActionCode=doc.body["QuotaActionCode"]
        )
        and status in {"", call.state(doc)}
    ]
    size = max_results(call, 200)
    start = first_after(docs, params.text("NextToken"), birth, latest_first=True)
    some = docs[start : start + size]
    return {
        "QuotaApplications": [_shown(call, doc) for doc in some],
        "TotalCount": len(docs),
        "NextToken": token_after(some, birth) if start + size < len(docs) else "",
        "MaxResults": size,
    }
