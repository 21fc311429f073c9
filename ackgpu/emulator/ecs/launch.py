"""RunInstances and CreateInstance.

What changes nothing that a cluster sees is taken and forgotten: passwords, host queues, deployment
sets, AutoReleaseTime. An instance has one interface: NetworkInterface.N is not read.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from ackgpu.emulator.ecs import PRODUCT, billing_methods
from ackgpu.emulator.ecs.disks import make_data_disks
from ackgpu.emulator.ecs.instance_roles import checked_role
from ackgpu.emulator.ecs.instance_settings import metadata_options
from ackgpu.emulator.ecs.instances import STARTING_AFTER, make_instance
from ackgpu.emulator.ecs.renewals import renewal
from ackgpu.emulator.ecs.security_groups import security_group
from ackgpu.emulator.ecs.states import INSTANCE
from ackgpu.emulator.ecs.tags import new_tags
from ackgpu.emulator.errors import ApiError, missing
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.addresses import take_public_address

MAX_INSTANCES = 100
USER_DATA_BYTES = 32 * 1024
NO_STOCK = "OperationDenied.NoStock"


@dataclass(frozen=True)
class LaunchRequest:
    """What a request for instances asks for, checked."""

    vswitch: Doc
    security_group_ids: list[str]
    key_pair: str
    image_id: str
    charge: billing_methods.Charge
    ram_role: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@PRODUCT.operation("RunInstances", writes=True)
def run_instances(call: Call) -> dict[str, Any]:
    """RunInstances: the ids come at once, the instances run about 20 s later.

    Without MinAmount all of Amount or none; with it, as many as there is stock for.
    """
    amount = _amount(call, "Amount", 1, "InvalidParam.Amount", 403)
    least = _amount(call, "MinAmount", amount, "InvalidMinAmount.Malformed", 400)
    if least > amount:
        raise ApiError(
            "InvalidMinAmount.Malformed", "The specified parameter MinAmount is not valid."
        )
    wish = _wish(call)
    docs: list[Doc] = []
    while len(docs) < amount:
        try:
            docs.append(_make(call, wish, number=len(docs) + 1))
        except ApiError as error:
            if error.code != NO_STOCK or len(docs) < least:
                raise
            break
    call.end_dry_run()
    ids = [doc.id for doc in docs]
    return {
        "InstanceIdSets": {"InstanceIdSet": ids},
        **billing_methods.order(call, docs, wish.charge),
    }


@PRODUCT.operation("CreateInstance", writes=True)
def create_instance(call: Call) -> dict[str, Any]:
    """CreateInstance: one instance, which is Stopped until it is started."""
    wish = _wish(call)
    doc = _make(call, wish)
    doc.body["phases"] = INSTANCE.course(call.now, (0, "Pending"), (STARTING_AFTER, "Stopped"))
    call.docs.put(doc)
    call.end_dry_run()
    return {"InstanceId": doc.id, **billing_methods.order(call, [doc], wish.charge)}


def _amount(call: Call, name: str, default: int, code: str, status: int) -> int:
    text = call.params.text(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= MAX_INSTANCES:
        raise ApiError(code, f"{name} is 1 to {MAX_INSTANCES}.", status)
    return int(text)


def _wish(call: Call) -> LaunchRequest:
    params = call.params
    image = _image(call)
    params.required("InstanceType")
    vswitch = _vswitch(call)
    groups = _groups(call, vswitch)
    key_pair = params.text("KeyPairName")
    if key_pair and not call.docs.find("keypair", at=call.now, region=call.region, name=key_pair):
        raise ApiError(
            "InvalidKeyPairName.NotFound",
            "The specified parameter KeyPairName does not exist in our records.",
            404,
        )
    _check_user_data(params.text("UserData"))
    charge = billing_methods.charge(call)
    role = params.text("RamRoleName")
    return LaunchRequest(
        vswitch,
        groups,
        key_pair,
        image,
        charge,
        ram_role=checked_role(call, role) if role else "",
        tags=new_tags(call),
    )


def _image(call: Call) -> str:
    image_id, family = call.params.text("ImageId"), call.params.text("ImageFamily")
    if image_id and family:
        raise ApiError(
            "UnexpectedImageFamily.ImageIdSupplied",
            "The input parameter ImageFamily must be null when image id is set.",
        )
    if not image_id and not family:
        raise missing("ImageId")
    for row in catalog.images():
        if (family and row["family"] == family) or row["id"] == image_id:
            return str(row["id"])
    raise ApiError("InvalidImageId.NotFound", "The specified ImageId does not exist.", 404)


def _vswitch(call: Call) -> Doc:
    """The vSwitch, which exists, is Available, and lies in the zone where one is named."""
    vswitch_id = call.params.text("VSwitchId")
    if not vswitch_id:
        raise ApiError("InvalidVSwitchId.Necessary", "The VSwitchId is necessary.")
    doc = call.alive("vswitch", vswitch_id)
    if doc is None:
        raise ApiError("InvalidVSwitchId.NotFound", "Specified virtual switch does not exist.", 404)
    if call.state(doc) != "Available":
        raise ApiError(
            "IncorrectVSwitchStatus",
            "The current status of virtual switch does not support this operation.",
        )
    if call.params.text("ZoneId", doc.body["ZoneId"]) != doc.body["ZoneId"]:
        raise ApiError("InvalidParameter.Mismatch", "The vSwitch lies in another zone.")
    return doc


def _groups(call: Call, vswitch: Doc) -> list[str]:
    one, several = call.params.text("SecurityGroupId"), call.params.listed("SecurityGroupIds")
    if one and several:
        raise ApiError(
            "InvalidSecurityGroupId.SingleIdAndMultiIdConflict",
            "Give SecurityGroupId or SecurityGroupIds.",
        )
    ids = several or ([one] if one else [])
    if not ids:
        raise missing("SecurityGroupId")
    if len(set(ids)) < len(ids):
        raise ApiError("InvalidParameter.SecurityGroupIdRepeated", "A group is given twice.")
    for group_id in ids:
        if security_group(call, group_id).scope != vswitch.scope:
            raise ApiError(
                "InvalidSecurityGroup.VpcMismatch", f"{group_id} and the vSwitch are in two VPCs."
            )
    return ids


def _check_user_data(text: str) -> None:
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ApiError(
            "InvalidUserData.Base64FormatInvalid", "The UserData is not Base64."
        ) from None
    if len(decoded) > USER_DATA_BYTES:
        raise ApiError(
            "InvalidUserData.SizeExceeded", 'The specified parameter "UserData" exceeds the size.'
        )


def _make(call: Call, wish: LaunchRequest, number: int = 0) -> Doc:
    params = call.params
    doc = make_instance(
        call,
        region=call.region,
        vswitch=wish.vswitch,
        instance_type=params["InstanceType"],
        name=_suffixed(call, "InstanceName", number),
        tags=wish.tags,
        charge_type=wish.charge.charge_type,
        security_group_ids=wish.security_group_ids,
        key_pair=wish.key_pair,
        disk_category=params.text("SystemDisk.Category"),
        disk_size=params.integer("SystemDisk.Size", 40),
        spot_strategy=wish.charge.spot_strategy,
    )
    doc.name = doc.name or doc.id
    doc.body |= {
        "ImageId": wish.image_id,
        "HostName": _suffixed(call, "HostName", number),
        "Description": params.text("Description"),
        "UserData": params.text("UserData"),
        "DeletionProtection": params.boolean("DeletionProtection"),
        "ResourceGroupId": params.text("ResourceGroupId"),
        "InternetChargeType": params.text("InternetChargeType", "PayByTraffic"),
        "InternetMaxBandwidthOut": params.integer("InternetMaxBandwidthOut", 0, high=200),
        "SpotPriceLimit": wish.charge.spot_price_limit,
        "PaidUntil": wish.charge.paid_until,
        "RamRoleName": wish.ram_role,
        "MetadataOptions": metadata_options(call),
    }
    if wish.charge.charge_type == "PrePaid" and params.boolean("AutoRenew"):
        doc.body["Renewal"] = renewal(call, "AutoRenewal", "AutoRenewPeriod")
    if doc.body["InternetMaxBandwidthOut"]:
        doc.body["PublicIpAddress"] = take_public_address(call, doc.id, call.now)
    make_data_disks(call, doc, params.objects("DataDisk"))
    return call.docs.put(doc)


def _suffixed(call: Call, name: str, number: int) -> str:
    """The name given; with UniqueSuffix a number of three digits follows it."""
    text = call.params.text(name)
    suffixed = text and number and call.params.boolean("UniqueSuffix")
    return f"{text}{number:03d}" if suffixed else text
