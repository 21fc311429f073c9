"""Reading SNAT entries."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT


@PRODUCT.operation("DescribeSnatTableEntries")
def describe_snat_table_entries(call: Call) -> dict[str, Any]:
    """DescribeSnatTableEntries of a table or of a NAT gateway; one of the two must be named."""
    params = call.params
    if not params.text("SnatTableId") and not params.text("NatGatewayId"):
        raise ApiError(
            "DESCRIBE_SNAT_PARAM_INVALID", "SnatTableId and natGatewayId can not both be null"
        )
    docs = [doc for doc in call.all("snat", scope=params.text("SnatTableId")) if _wanted(call, doc)]
    page, numbers = page_of(call, docs)
    return {"SnatTableEntries": {"SnatTableEntry": [_row(call, doc) for doc in page]}} | numbers


def _wanted(call: Call, doc: Doc) -> bool:
    params, body = call.params, doc.body
    keys = ("NatGatewayId", "SourceVSwitchId", "SourceCIDR", "SnatIp")
    return (
        params.fit(SnatEntryId=doc.id, SnatEntryName=doc.name)
        and not params.listed("NetworkInterfaceIds")
        and params.fit(**{key: body[key] for key in keys})
    )


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    return {
        "SnatEntryId": doc.id,
        "SnatEntryName": doc.name,
        "SnatTableId": doc.scope,
        "NatGatewayId": doc.body["NatGatewayId"],
        "SourceVSwitchId": doc.body["SourceVSwitchId"],
        "SourceCIDR": doc.body["SourceCIDR"],
        "SnatIp": doc.body["SnatIp"],
        "EipAffinity": doc.body["EipAffinity"],
        "Status": call.state(doc),
    }
