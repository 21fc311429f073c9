"""Reading instances: DescribeInstances and its smaller sisters."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.billing_methods import charge_type, paid_until
from ackgpu.emulator.ecs.instances import KIND
from ackgpu.emulator.ecs.pages import page
from ackgpu.emulator.ecs.tags import has_tags, tag_rows
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.fields import minute_stamp
from ackgpu.emulator.shared.lifecycle import reached
from ackgpu.emulator.shared.lists import listing
from ackgpu.emulator.store import Doc

STATES = frozenset({"Pending", "Starting", "Running", "Stopping", "Stopped"})
MAX_IDS = 100
ABSENT_ADDRESSES = ("InnerIpAddresses", "RdmaIpAddresses", "Ipv6Address")
"""Filters by kinds of addresses that no instance here has."""


def instance(call: Call, instance_id: str) -> Doc:
    """The instance of that id; refuses with InvalidInstanceId.NotFound (404)."""
    doc = call.docs.get(KIND, instance_id)
    if doc is None or not doc.alive(call.now):
        raise ApiError(
            "InvalidInstanceId.NotFound", "The specified InstanceId does not exist.", 404
        )
    return doc


@PRODUCT.operation("DescribeInstances")
def describe_instances(call: Call) -> dict[str, Any]:
    """DescribeInstances: a released instance is not listed any more."""
    ids = call.params.json_list("InstanceIds")
    if ids is not None and len(ids) > MAX_IDS:
        raise invalid("InstanceIds", "At most 100 ids are allowed.")
    status = call.params.text("Status")
    if status and status not in STATES:
        raise ApiError("InvalidStatus.NotFound", "The specified Status is not found.", 404)
    docs = listing(call, KIND, _wanted, ids=ids or (), scope_by="VpcId")
    some, numbers = page(call, docs, low=10, high=100)
    eips = {eip.scope: eip for doc in some for eip in call.all("eip", scope=doc.id)}
    rows = [_row(call, doc, eips.get(doc.id)) for doc in some]
    return {"Instances": {"Instance": rows}, **numbers}


def _wanted(call: Call, doc: Doc) -> bool:
    params, body = call.params, doc.body
    fields = ("VSwitchId", "ZoneId", "InstanceType", "KeyPairName", "ImageId")
    paying = charge_type(call, doc)
    addresses = params.json_list("PrivateIpAddresses")
    public = params.json_list("PublicIpAddresses")
    group = params.text("SecurityGroupId")
    row = catalog.instance_type(body["InstanceType"]) or {}
    family = params.text("InstanceTypeFamily")
    return (
        params.fit(**{name: body[name] for name in fields})
        and params.text("InstanceChargeType", paying) == paying
        and (not addresses or body["PrivateIpAddress"] in addresses)
        and (not public or body["PublicIpAddress"] in public)
        and _bound(call, doc)
        and not any(params.listed(name) for name in ABSENT_ADDRESSES)
        and (not group or group in body["SecurityGroupIds"])
        and (not family or row.get("family") == family)
        and params.text("Status", call.state(doc)) == call.state(doc)
        and _named(doc.name, params.text("InstanceName", doc.name))
        and has_tags(call, doc)
    )


def _bound(call: Call, doc: Doc) -> bool:
    """Whether it has one of the EIPs requested, where any are."""
    wanted = call.params.json_list("EipAddresses")
    eips = call.all("eip", scope=doc.id) if wanted else ()
    return not wanted or any(eip.body["IpAddress"] in wanted for eip in eips)


def _named(name: str, pattern: str) -> bool:
    """Whether a name matches; a ``*`` at either end stands for anything."""
    if pattern.startswith("*"):
        return pattern.strip("*") in name
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _shared(call: Call, doc: Doc, eip: Doc | None) -> dict[str, Any]:
    """What DescribeInstances and DescribeInstanceAttribute both show.

    The EIP comes before the public address, as in the documented example: Ansible's client library
    reads the members in their order, and never ends if it meets the public address first.
    """
    body = doc.body
    row = catalog.instance_type(body["InstanceType"]) or {}
    public = body["PublicIpAddress"]
    return {
        "InstanceId": doc.id,
        "InstanceName": doc.name,
        "Description": body["Description"],
        "Status": call.state(doc),
        "RegionId": doc.region,
        "ZoneId": body["ZoneId"],
        "InstanceType": body["InstanceType"],
        "InstanceChargeType": charge_type(call, doc),
        "InstanceNetworkType": "vpc",
        "ImageId": body["ImageId"],
        "HostName": body["HostName"] or f"iZ{doc.id.removeprefix('i-')}Z",
        "SerialNumber": _serial(doc),
        "CreationTime": minute_stamp(call, doc.created_at),
        "ExpiredTime": _expiry(call, doc),
        "Cpu": row.get("cpu", 0),
        "Memory": int(row.get("memory", 0) * 1024),
        "InternetChargeType": body["InternetChargeType"],
        "InternetMaxBandwidthIn": 200 if public else 0,
        "InternetMaxBandwidthOut": body["InternetMaxBandwidthOut"],
        "StoppedMode": body["StoppedMode"],
        "ClusterId": "",
        "VlanId": "",
        "CreditSpecification": "",
        "SecurityGroupIds": {"SecurityGroupId": body["SecurityGroupIds"]},
        "EipAddress": {
            "AllocationId": eip.id if eip else "",
            "IpAddress": eip.body["IpAddress"] if eip else "",
            "InternetChargeType": eip.body["InternetChargeType"] if eip else "",
            "Bandwidth": int(eip.body["Bandwidth"]) if eip else 0,
        },
        "PublicIpAddress": {"IpAddress": [public] if public else []},
        "InnerIpAddress": {"IpAddress": []},
        "VpcAttributes": {
            "VpcId": doc.scope,
            "VSwitchId": body["VSwitchId"],
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": [body["PrivateIpAddress"]]},
        },
        "OperationLocks": {"LockReason": []},
    }


def _serial(doc: Doc) -> str:
    """A stable serial number in the form of a UUID, derived from the id."""
    digits = doc.id.removeprefix("i-").encode().hex().ljust(32, "0")[:32]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _expiry(call: Call, doc: Doc) -> str:
    until = paid_until(call, doc)
    return "2099-12-31T15:59Z" if until is None else minute_stamp(call, until)


def _row(call: Call, doc: Doc, eip: Doc | None) -> dict[str, Any]:
    body = doc.body
    row = catalog.instance_type(body["InstanceType"]) or {}
    started = reached(body["phases"], "Running")
    shared = _shared(call, doc, eip)
    shared["EipAddress"]["IsSupportUnassociate"] = eip is not None
    return shared | {
        "InstanceTypeFamily": row.get("family", ""),
        "GPUAmount": row.get("gpu_amount", 0),
        "GPUSpec": row.get("gpu_spec", ""),
        "StartTime": minute_stamp(call, doc.created_at if started is None else started),
        "KeyPairName": body["KeyPairName"],
        "SpotStrategy": body["SpotStrategy"],
        "SpotPriceLimit": body["SpotPriceLimit"],
        "SpotDuration": 0,
        "SpotInterruptionBehavior": "Terminate",
        "SaleCycle": "month" if shared["InstanceChargeType"] == "PrePaid" else "",
        "OSName": _os_name(body["ImageId"]),
        "OSNameEn": _os_name(body["ImageId"]),
        "OSType": "linux",
        "AutoReleaseTime": "",
        "DeletionProtection": body["DeletionProtection"],
        "ResourceGroupId": body["ResourceGroupId"],
        "DeviceAvailable": True,
        "IoOptimized": True,
        "Recyclable": False,
        "ISP": "",
        "LocalStorageAmount": 0,
        "LocalStorageCapacity": 0,
        "DeploymentSetId": "",
        "HpcClusterId": "",
        "Tags": {"Tag": tag_rows(call, doc)},
        "NetworkInterfaces": {"NetworkInterface": [_interface(call, body)]},
        "RdmaIpAddress": {"IpAddress": []},
        "HibernationOptions": {"Configured": False},
        "DedicatedHostAttribute": {
            "DedicatedHostId": "",
            "DedicatedHostName": "",
            "DedicatedHostClusterId": "",
        },
        "EcsCapacityReservationAttr": {
            "CapacityReservationId": "",
            "CapacityReservationPreference": "",
        },
        "DedicatedInstanceAttribute": {"Affinity": "", "Tenancy": ""},
        "CpuOptions": {"CoreCount": max(row.get("cpu", 2) // 2, 1), "ThreadsPerCore": 2}
        | {"Numa": "", "TopologyType": ""},
        "MetadataOptions": {
            "HttpEndpoint": "",
            "HttpTokens": "",
            "HttpPutResponseHopLimit": 0,
        }
        | body.get("MetadataOptions", {}),
        "ImageOptions": {"LoginAsNonRoot": False},
    }


def _os_name(image_id: str) -> str:
    return next((str(row["os_name"]) for row in catalog.images() if row["id"] == image_id), "")


def _interface(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    eni = call.docs.get("eni", body["NetworkInterfaceId"])
    address = body["PrivateIpAddress"]
    return {
        "NetworkInterfaceId": body["NetworkInterfaceId"],
        "MacAddress": eni.body["MacAddress"] if eni else "",
        "PrimaryIpAddress": address,
        "Type": "Primary",
        "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": address, "Primary": True}]},
        "Ipv6Sets": {"Ipv6Set": []},
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
    }


@PRODUCT.operation("DescribeInstanceStatus")
def describe_instance_status(call: Call) -> dict[str, Any]:
    """DescribeInstanceStatus, by page numbers; ids that do not exist are left out."""
    ids = call.params.listed("InstanceId")
    zone = call.params.text("ZoneId")
    docs = [doc for doc in call.all(KIND, ids=ids) if not zone or doc.body["ZoneId"] == zone]
    some, numbers = page_of(call, docs)
    rows = [{"InstanceId": doc.id, "Status": call.state(doc)} for doc in some]
    return {"InstanceStatuses": {"InstanceStatus": rows}, **numbers}


@PRODUCT.operation("DescribeInstanceAttribute")
def describe_instance_attribute(call: Call) -> dict[str, Any]:
    """DescribeInstanceAttribute of one instance; IoOptimized is text here."""
    doc = instance(call, call.params.required("InstanceId"))
    eip = next(iter(call.docs.find("eip", at=call.now, scope=doc.id)), None)
    return _shared(call, doc, eip) | {
        "IoOptimized": "optimized",
        "EnableJumboFrame": False,
        "DedicatedHostAttribute": {"DedicatedHostId": "", "DedicatedHostName": ""},
    }


@PRODUCT.operation("DescribeUserData")
def describe_user_data(call: Call) -> dict[str, Any]:
    """DescribeUserData: the Base64 text as it was given."""
    doc = instance(call, call.params.required("InstanceId"))
    return {"InstanceId": doc.id, "RegionId": doc.region, "UserData": doc.body["UserData"]}
