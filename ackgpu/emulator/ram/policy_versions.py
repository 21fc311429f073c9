"""The versions of RAM policies: at most five, of which one holds."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram import PRODUCT, entities
from ackgpu.emulator.ram.policies import (
    custom_policy,
    default_version,
    policy,
    version_row,
    versions,
)
from ackgpu.emulator.store import Doc

MOST = 5
ROTATING = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


@PRODUCT.operation("CreatePolicyVersion", writes=True, idempotent_by_token=False)
def create_policy_version(call: Call) -> dict[str, Any]:
    """CreatePolicyVersion: of a custom policy; it holds where SetAsDefault says so.

    RotateStrategy lets the oldest version go that does not hold, where there are five.
    """
    doc = custom_policy(call)
    text = call.params.required("PolicyDocument")
    entities.policy_document(text)
    strategy = call.params.text("RotateStrategy", "None")
    if strategy not in {"None", ROTATING}:
        raise invalid("RotateStrategy")
    kept = dict(versions(doc))
    if len(kept) >= MOST:
        if strategy == "None":
            raise ApiError(
                "LimitExceeded.Policy.Version", "The limit of policy versions is reached.", 409
            )
        del kept[next(one for one in kept if one != default_version(doc))]
    serial = doc.body.get("Serial", 1) + 1
    version_id = f"v{serial}"
    kept[version_id] = {"text": text, "made": call.now}
    doc.body |= {"Versions": kept, "Serial": serial}
    if call.params.boolean("SetAsDefault"):
        _hold(doc, version_id)
    call.docs.put(doc)
    return {"PolicyVersion": version_row(call, doc, version_id)}


def _hold(doc: Doc, version_id: str) -> None:
    text = versions(doc)[version_id]["text"]
    doc.body |= {"DefaultVersion": version_id, "PolicyDocument": text}


@PRODUCT.operation("GetPolicyVersion")
def get_policy_version(call: Call) -> dict[str, Any]:
    """GetPolicyVersion."""
    doc = policy(call)
    return {"PolicyVersion": version_row(call, doc, call.params.required("VersionId"))}


@PRODUCT.operation("ListPolicyVersions")
def list_policy_versions(call: Call) -> dict[str, Any]:
    """ListPolicyVersions: all of them, without pages."""
    doc = policy(call)
    rows = [version_row(call, doc, version_id) for version_id in versions(doc)]
    return {"PolicyVersions": {"PolicyVersion": rows}}


@PRODUCT.operation("SetDefaultPolicyVersion", writes=True, idempotent_by_token=False)
def set_default_policy_version(call: Call) -> None:
    """SetDefaultPolicyVersion: what it says holds from now."""
    doc = custom_policy(call)
    row = version_row(call, doc, call.params.required("VersionId"))
    doc.body["Versions"] = versions(doc)
    _hold(doc, row["VersionId"])
    call.docs.put(doc)


@PRODUCT.operation("DeletePolicyVersion", writes=True, idempotent_by_token=False)
def delete_policy_version(call: Call) -> None:
    """DeletePolicyVersion: not the one that holds."""
    doc = custom_policy(call)
    row = version_row(call, doc, call.params.required("VersionId"))
    if row["IsDefaultVersion"]:
        raise ApiError(
            "DeleteConflict.Policy.Version", "The default version cannot be deleted.", 409
        )
    kept = {key: version for key, version in versions(doc).items() if key != row["VersionId"]}
    doc.body["Versions"] = kept
    call.docs.put(doc)
