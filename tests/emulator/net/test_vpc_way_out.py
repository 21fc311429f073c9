"""NAT gateways, EIPs, SNAT and DNAT entries through the SDK: the way out and its removal."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import Api, Network

DEFAULT_ROUTE = "0.0.0.0/0"


def entries(vpc: Api, vpc_id: str, kind: str = "Custom") -> list[dict[str, Any]]:
    (table,) = vpc("DescribeRouteTableList", VpcId=vpc_id, RouteTableType="System")[
        "RouterTableList"
    ]["RouterTableListType"]
    body = vpc("DescribeRouteEntryList", RouteTableId=table["RouteTableId"], RouteEntryType=kind)
    return body["RouteEntrys"]["RouteEntry"]


def snat_rows(vpc: Api, nat: dict[str, Any]) -> list[dict[str, Any]]:
    body = vpc("DescribeSnatTableEntries", NatGatewayId=nat["NatGatewayId"])
    return body["SnatTableEntries"]["SnatTableEntry"]


def snat_of(nat: dict[str, Any]) -> str:
    return nat["SnatTableIds"]["SnatTableId"][0]


def test_a_nat_gateway_takes_a_minute_and_a_half_and_leads_out(
    network: Network, vpc: Api, clock: ManualClock
):
    vpc_id = network.vpc()
    vswitch_id = network.vswitch(vpc_id)
    made = vpc(
        "CreateNatGateway",
        VpcId=vpc_id,
        VSwitchId=vswitch_id,
        NatType="Enhanced",
        Name="out",
        Tag=[{"Key": "team", "Value": "x"}],
    )
    clock.advance(89)
    row = network.gateway(made["NatGatewayId"])
    assert row["Status"] == "Creating"
    assert row["Tags"] == {"Tag": [{"TagKey": "team", "TagValue": "x"}]}
    assert entries(vpc, vpc_id) == []
    clock.advance(4)
    row = network.gateway(made["NatGatewayId"])
    assert row["Status"] == "Available"
    assert row["SnatTableIds"] == made["SnatTableIds"]
    assert row["IpLists"] == {"IpList": []}
    assert row["NatGatewayPrivateInfo"]["VswitchId"] == vswitch_id
    (route,) = entries(vpc, vpc_id)
    assert route["DestinationCidrBlock"] == DEFAULT_ROUTE
    assert route["NextHops"]["NextHop"][0]["NextHopId"] == made["NatGatewayId"]
    assert vpc("DescribeVSwitches")["VSwitches"]["VSwitch"][0]["AvailableIpAddressCount"] == 251


@pytest.mark.parametrize("left_out", ["VSwitchId", "NatType"])
def test_a_nat_gateway_needs_its_vswitch_and_type(network: Network, vpc: Api, left_out: str):
    vpc_id = network.vpc()
    ask = {"VpcId": vpc_id, "VSwitchId": network.vswitch(vpc_id), "NatType": "Enhanced"}
    del ask[left_out]
    assert vpc.refusal("CreateNatGateway", **ask) == ("MissingParameter", 400)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"NatType": "Normal"}, "OperationFailed.NormalInventoryNotEnough"),
        ({"InternetChargeType": "PayBySpec"}, "Forbidden.NatPayBySpec"),
        ({"InstanceChargeType": "PrePaid"}, "OperationUnsupported.PrePaidPyByLcu"),
        ({"VSwitchId": "vsw-none"}, "InvalidVSWITCHID.NotFound"),
    ],
)
def test_a_nat_gateway_is_refused_for_what_is_not_sold(
    network: Network, vpc: Api, change: dict[str, str], code: str
):
    vpc_id = network.vpc()
    ask = {"VpcId": vpc_id, "VSwitchId": network.vswitch(vpc_id), "NatType": "Enhanced"}
    assert vpc.refusal("CreateNatGateway", **(ask | change)) == (code, 400)


def test_a_nat_gateway_waits_for_its_vswitch_and_its_zone_must_have_some(
    network: Network, vpc: Api
):
    vpc_id = network.vpc()
    elsewhere = network.vswitch(vpc_id, "10.2.0.0/24", zone="b")
    ask = {"VpcId": vpc_id, "NatType": "Enhanced"}
    refusal = vpc.refusal("CreateNatGateway", VSwitchId=elsewhere, **ask)
    assert refusal == ("OperationFailed.EnhancedInventoryNotEnough", 400)
    young = vpc("CreateVSwitch", VpcId=vpc_id, ZoneId="cn-hangzhou-k", CidrBlock="10.3.0.0/24")[
        "VSwitchId"
    ]
    refusal = vpc.refusal("CreateNatGateway", VSwitchId=young, **ask)
    assert refusal == ("VswitchStatusError", 400)


def test_the_sixth_nat_gateway_of_a_vpc_is_over_the_quota(network: Network, vpc: Api):
    vpc_id = network.vpc()
    vswitch_id = network.vswitch(vpc_id)
    ask = {"VpcId": vpc_id, "VSwitchId": vswitch_id, "NatType": "Enhanced"}
    for _ in range(5):
        vpc("CreateNatGateway", **ask)
    refusal = vpc.refusal("CreateNatGateway", **ask)
    assert refusal == ("OperationFailed.EnhancedQuotaExceed", 400)


def test_an_eip_is_available_at_once_and_reads_back_as_asked(network: Network, vpc: Api):
    made = vpc("AllocateEipAddress", Name="ip", InternetChargeType="PayByTraffic", Bandwidth="100")
    row = network.eip(made["AllocationId"])
    assert row["Status"] == "Available"
    assert row["IpAddress"] == made["EipAddress"]
    assert row["Bandwidth"] == "100"
    assert (row["InstanceId"], row["InstanceType"], row["Description"]) == ("", "", "")
    plain = network.eip(vpc("AllocateEipAddress")["AllocationId"])
    assert (plain["Bandwidth"], plain["InternetChargeType"]) == ("5", "PayByBandwidth")


@pytest.mark.parametrize(("charge", "mbps"), [("PayByTraffic", 201), ("PayByBandwidth", 501)])
def test_an_eip_has_a_widest_bandwidth(vpc: Api, charge: str, mbps: int):
    refusal = vpc.refusal("AllocateEipAddress", InternetChargeType=charge, Bandwidth=str(mbps))
    assert refusal == ("InvalidBandwidth.Malformed", 400)


def test_the_twenty_first_eip_is_over_the_quota(vpc: Api):
    for _ in range(20):
        vpc("AllocateEipAddress")
    assert vpc.refusal("AllocateEipAddress") == ("QuotaExceeded.Eip", 400)


def test_eips_of_every_region_count_against_the_account(vpc: Api, emulator: Emulator):
    emulator.backend.settings["limits"] = {"eips": 2}
    vpc("AllocateEipAddress", RegionId="cn-beijing")
    vpc("AllocateEipAddress")
    assert vpc.refusal("AllocateEipAddress") == ("QuotaExceeded.Eip", 400)


def test_a_limit_of_one_region_counts_what_is_there(vpc: Api, emulator: Emulator):
    emulator.backend.settings["limits"] = {"eips@cn-hangzhou": 1}
    vpc("AllocateEipAddress", RegionId="cn-beijing")
    vpc("AllocateEipAddress")
    assert vpc.refusal("AllocateEipAddress") == ("QuotaExceeded.Eip", 400)


def test_an_eip_is_bound_and_unbound_over_some_seconds(
    network: Network, vpc: Api, clock: ManualClock
):
    vpc_id = network.vpc()
    nat_id = network.nat(vpc_id, network.vswitch(vpc_id))["NatGatewayId"]
    eip_id = vpc("AllocateEipAddress")["AllocationId"]
    bind = {"AllocationId": eip_id, "InstanceId": nat_id, "InstanceType": "Nat"}
    vpc("AssociateEipAddress", **bind)
    assert network.eip(eip_id)["Status"] == "Associating"
    assert vpc.refusal("UnassociateEipAddress", **bind) == ("IncorrectEipStatus", 400)
    clock.advance(6)
    row = network.eip(eip_id)
    assert (row["Status"], row["InstanceId"], row["InstanceType"]) == ("InUse", nat_id, "Nat")
    (listed,) = network.gateway(nat_id)["IpLists"]["IpList"]
    assert (listed["AllocationId"], listed["UsingStatus"]) == (eip_id, "idle")
    assert vpc.refusal("AssociateEipAddress", **bind) == ("InvalidAssociation.Duplicated", 400)
    assert vpc.refusal("ReleaseEipAddress", AllocationId=eip_id) == ("IncorrectEipStatus", 400)
    vpc("UnassociateEipAddress", **bind)
    assert network.eip(eip_id)["Status"] == "Unassociating"
    assert vpc.refusal("ReleaseEipAddress", AllocationId=eip_id) == ("IncorrectEipStatus", 400)
    clock.advance(6)
    assert network.eip(eip_id)["Status"] == "Available"
    vpc("ReleaseEipAddress", AllocationId=eip_id)
    clock.advance(3)
    assert vpc("DescribeEipAddresses")["TotalCount"] == 0
    refusal = vpc.refusal("ReleaseEipAddress", AllocationId=eip_id)
    assert refusal == ("InvalidAllocationId.NotFound", 404)


def test_an_eip_is_bound_only_to_what_is_there_and_ready(network: Network, vpc: Api):
    vpc_id = network.vpc()
    ask = {"VpcId": vpc_id, "VSwitchId": network.vswitch(vpc_id), "NatType": "Enhanced"}
    nat_id = vpc("CreateNatGateway", **ask)["NatGatewayId"]
    eip_id = vpc("AllocateEipAddress")["AllocationId"]

    def refusal(instance_id: str, instance_type: str) -> tuple[str, int]:
        return vpc.refusal(
            "AssociateEipAddress",
            AllocationId=eip_id,
            InstanceId=instance_id,
            InstanceType=instance_type,
        )

    assert refusal(nat_id, "Nat") == ("IncorrectStatus.NatGateway", 400)
    assert refusal(nat_id, "NatGateway") == ("Invalid.DirectEip.BindType", 400)
    assert refusal(nat_id, "Bus") == ("InvalidInstanceType.ValueNotSupported", 400)
    assert refusal("i-none", "EcsInstance") == ("InvalidInstanId.NotFound", 404)


def test_snat_must_wait_until_the_gateway_knows_the_eip(
    network: Network, vpc: Api, clock: ManualClock
):
    vpc_id = network.vpc()
    vswitch_id = network.vswitch(vpc_id)
    nat = network.nat(vpc_id, vswitch_id)
    made = vpc("AllocateEipAddress")
    ask = {
        "SnatTableId": snat_of(nat),
        "SourceVSwitchId": vswitch_id,
        "SnatIp": made["EipAddress"],
    }
    assert vpc.refusal("CreateSnatEntry", **ask) == ("InvalidSnatIp.NotFound", 404)
    vpc(
        "AssociateEipAddress",
        AllocationId=made["AllocationId"],
        InstanceId=nat["NatGatewayId"],
        InstanceType="Nat",
    )
    refusal = vpc.refusal("CreateSnatEntry", **ask)
    assert refusal == ("OperationUnsupported.EipInBinding", 400)
    clock.advance(6)
    assert vpc.refusal("CreateSnatEntry", **ask) == ("EIP_NOT_IN_GATEWAY", 400)
    clock.advance(3)
    entry_id = vpc("CreateSnatEntry", **ask)["SnatEntryId"]
    (row,) = snat_rows(vpc, nat)
    assert (row["SnatEntryId"], row["Status"]) == (entry_id, "Pending")
    assert (row["SourceCIDR"], row["SnatIp"]) == ("10.1.0.0/24", made["EipAddress"])
    clock.advance(6)
    assert snat_rows(vpc, nat)[0]["Status"] == "Available"
    assert (
        network.gateway(nat["NatGatewayId"])["IpLists"]["IpList"][0]["UsingStatus"]
        == "UsedBySnatTable"
    )
    refusal = vpc.refusal("CreateSnatEntry", **ask)
    assert refusal == ("Forbidden.SourceVSwitchId.Duplicated", 400)


def test_a_snat_entry_names_one_source_that_exists(network: Network, vpc: Api):
    _, vswitch_id, nat, eip, _ = network.way_out()
    ask = {"SnatTableId": snat_of(nat), "SnatIp": eip["IpAddress"]}
    both = {"SourceVSwitchId": vswitch_id, "SourceCIDR": "10.1.0.0/24"}
    assert vpc.refusal("CreateSnatEntry", **ask, **both)[0] == (
        "CreateSnatEntry.ParamExclusive.sourceVSwitchIdAndsourceCIDR"
    )
    assert vpc.refusal("CreateSnatEntry", **ask) == ("MissingParameter", 400)
    assert vpc.refusal("CreateSnatEntry", **ask, SourceCIDR="10.1.0.0/24") == (
        "OperationUnsupported.CidrConflict",
        400,
    )
    assert vpc.refusal("CreateSnatEntry", **ask, SourceVSwitchId="vsw-none") == (
        "InvalidVSwitchId.NotFound",
        404,
    )
    refusal = vpc.refusal("DescribeSnatTableEntries")
    assert refusal == ("DESCRIBE_SNAT_PARAM_INVALID", 400)
    refusal = vpc.refusal("DeleteSnatEntry", SnatTableId=snat_of(nat), SnatEntryId="snat-none")
    assert refusal == ("InvalidSnatEntryId.NotFound", 404)


def test_modifying_a_snat_entry_to_what_it_is_changes_nothing(
    network: Network, vpc: Api, clock: ManualClock
):
    _, _, nat, eip, entry_id = network.way_out()
    ask = {"SnatTableId": snat_of(nat), "SnatEntryId": entry_id, "SnatIp": eip["IpAddress"]}
    before = snat_rows(vpc, nat)
    vpc("ModifySnatEntry", **ask)
    assert snat_rows(vpc, nat) == before
    other = network.bound_eip(nat["NatGatewayId"])["IpAddress"]
    vpc("ModifySnatEntry", **(ask | {"SnatIp": other}))
    assert snat_rows(vpc, nat)[0]["Status"] == "Modifying"
    clock.advance(6)
    assert (snat_rows(vpc, nat)[0]["Status"], snat_rows(vpc, nat)[0]["SnatIp"]) == (
        "Available",
        other,
    )


def test_everything_must_go_in_its_order(network: Network, vpc: Api, clock: ManualClock):
    vpc_id, vswitch_id, nat, eip, entry_id = network.way_out()
    nat_id, eip_id = nat["NatGatewayId"], eip["AllocationId"]
    unbind = {"AllocationId": eip_id, "InstanceId": nat_id, "InstanceType": "Nat"}
    snat = {"SnatTableId": snat_of(nat), "SnatEntryId": entry_id}

    assert vpc.refusal("DeleteVpc", VpcId=vpc_id)[0] == "DependencyViolation.NatGateway"
    refusal = vpc.refusal("DeleteVSwitch", VSwitchId=vswitch_id)
    assert refusal == ("DependencyViolation.SnatEntry", 400)
    refusal = vpc.refusal("DeleteNatGateway", NatGatewayId=nat_id)
    assert refusal == ("DependencyViolation.SnatEntry", 400)
    refusal = vpc.refusal("UnassociateEipAddress", **unbind)
    assert refusal == ("InvalidIpStatus.HasBeenUsedBySnatTable", 400)

    vpc("DeleteSnatEntry", **snat)
    assert snat_rows(vpc, nat)[0]["Status"] == "Deleting"
    assert vpc.refusal("DeleteSnatEntry", **snat) == ("IncorretSnatEntryStatus", 400)
    refusal = vpc.refusal("UnassociateEipAddress", **unbind)
    assert refusal == ("InvalidStatus.SnatOrDnat", 400)
    clock.advance(6)
    refusal = vpc.refusal("DeleteNatGateway", NatGatewayId=nat_id)
    assert refusal == ("DependencyViolation.EIPS", 400)
    refusal = vpc.refusal("DeleteVSwitch", VSwitchId=vswitch_id)
    assert refusal == ("DependencyViolation.EnhancedNatgw", 400)

    vpc("UnassociateEipAddress", **unbind)
    clock.advance(6)
    vpc("DeleteNatGateway", NatGatewayId=nat_id)
    assert network.gateway(nat_id)["Status"] == "Deleting"
    refusal = vpc.refusal("DeleteNatGateway", NatGatewayId=nat_id)
    assert refusal == ("IncorrectStatus.NatGateway", 400)
    clock.advance(46)
    assert vpc("DescribeNatGateways")["TotalCount"] == 0
    assert entries(vpc, vpc_id) == []
    vpc("DeleteVSwitch", VSwitchId=vswitch_id)
    clock.advance(9)
    vpc("DeleteVpc", VpcId=vpc_id)
    refusal = vpc.refusal("DeleteNatGateway", NatGatewayId=nat_id)
    assert refusal == ("InvalidNatGatewayId.NotFound", 404)


def test_force_empties_a_nat_gateway_but_releases_no_eip(
    network: Network, vpc: Api, clock: ManualClock
):
    _, _, nat, eip, _ = network.way_out()
    vpc("DeleteNatGateway", NatGatewayId=nat["NatGatewayId"], Force=True)
    clock.advance(46)
    assert vpc("DescribeNatGateways")["TotalCount"] == 0
    row = network.eip(eip["AllocationId"])
    assert (row["Status"], row["InstanceId"]) == ("Available", "")


def test_force_unbinds_an_eip_with_its_snat_entries(network: Network, vpc: Api, clock: ManualClock):
    _, _, nat, eip, _ = network.way_out()
    vpc("UnassociateEipAddress", AllocationId=eip["AllocationId"], Force=True)
    clock.advance(6)
    assert snat_rows(vpc, nat) == []
    assert network.eip(eip["AllocationId"])["Status"] == "Available"


def test_protection_keeps_a_nat_gateway_and_an_eip(network: Network, vpc: Api):
    vpc_id = network.vpc()
    nat_id = network.nat(vpc_id, network.vswitch(vpc_id))["NatGatewayId"]
    eip_id = vpc("AllocateEipAddress")["AllocationId"]
    for kind, each in (("NATGW", nat_id), ("EIP", eip_id)):
        vpc("DeletionProtection", InstanceId=each, Type=kind, ProtectionEnable=True)
        refusal = vpc.refusal(
            "DeletionProtection", InstanceId=each, Type=kind, ProtectionEnable=True
        )
        assert refusal == ("DeletionProtection.AlreadyEnabled", 400)
    protected = ("InvalidOperation.DeletionProtection", 400)
    assert vpc.refusal("DeleteNatGateway", NatGatewayId=nat_id, Force=True) == protected
    assert vpc.refusal("ReleaseEipAddress", AllocationId=eip_id) == protected
    assert network.gateway(nat_id)["DeletionProtection"] is True
    for kind, each in (("NATGW", nat_id), ("EIP", eip_id)):
        vpc("DeletionProtection", InstanceId=each, Type=kind, ProtectionEnable=False)
    vpc("DeleteNatGateway", NatGatewayId=nat_id)
    vpc("ReleaseEipAddress", AllocationId=eip_id)
    refusal = vpc.refusal("DeletionProtection", InstanceId="x", Type="LOCK", ProtectionEnable=True)
    assert refusal == ("DeletionProtection.TypeNotSupport", 400)


def test_the_attribute_call_shows_a_gateway_flat(network: Network, vpc: Api):
    _, _, nat, eip, _ = network.way_out()
    body = vpc("GetNatGatewayAttribute", NatGatewayId=nat["NatGatewayId"])
    assert body["IpList"] == [
        {
            "IpAddress": eip["IpAddress"],
            "AllocationId": eip["AllocationId"],
            "UsingStatus": "UsedBySnatTable",
        }
    ]
    assert body["SnatTable"] == {"SnatTableId": snat_of(nat), "SnatEntryCount": 1}
    assert body["DeletionProtectionInfo"] == {"Enabled": False}


def test_a_dnat_entry_holds_its_eip(network: Network, vpc: Api, clock: ManualClock):
    vpc_id = network.vpc()
    nat = network.nat(vpc_id, network.vswitch(vpc_id))
    eip = network.bound_eip(nat["NatGatewayId"])
    table_id = nat["ForwardTableIds"]["ForwardTableId"][0]
    made = vpc(
        "CreateForwardEntry",
        ForwardTableId=table_id,
        ExternalIp=eip["IpAddress"],
        ExternalPort="80",
        InternalIp="10.1.0.9",
        InternalPort="8080",
        IpProtocol="tcp",
    )
    clock.advance(6)
    (row,) = vpc("DescribeForwardTableEntries", ForwardTableId=table_id)["ForwardTableEntries"][
        "ForwardTableEntry"
    ]
    assert (row["ForwardEntryId"], row["Status"]) == (made["ForwardEntryId"], "Available")
    refusal = vpc.refusal("UnassociateEipAddress", AllocationId=eip["AllocationId"])
    assert refusal == ("InvalidIpStatus.HasBeenUsedByForwardEntry", 400)
    refusal = vpc.refusal("DeleteNatGateway", NatGatewayId=nat["NatGatewayId"])
    assert refusal == ("DependencyViolation.ForwardEntry", 400)
    vpc("DeleteForwardEntry", ForwardTableId=table_id, ForwardEntryId=made["ForwardEntryId"])
    clock.advance(6)
    assert vpc("DescribeForwardTableEntries", ForwardTableId=table_id)["TotalCount"] == 0


def test_a_dnat_entry_waits_for_the_binding_of_its_eip(network: Network, vpc: Api):
    vpc_id = network.vpc()
    nat = network.nat(vpc_id, network.vswitch(vpc_id))
    eip = vpc("AllocateEipAddress")
    named = {"AllocationId": eip["AllocationId"], "InstanceId": nat["NatGatewayId"]}
    vpc("AssociateEipAddress", **named, InstanceType="Nat")
    ask = {
        "ExternalPort": "80",
        "InternalIp": "10.1.0.9",
        "InternalPort": "80",
        "IpProtocol": "tcp",
    }
    table_id = nat["ForwardTableIds"]["ForwardTableId"][0]
    ask |= {"ForwardTableId": table_id, "ExternalIp": eip["EipAddress"]}
    refusal = vpc.refusal("CreateForwardEntry", **ask)
    assert refusal == ("OperationUnsupported.EipInBinding", 400)


def test_an_eip_changes_only_in_what_is_supplied(network: Network, vpc: Api):
    eip_id = vpc("AllocateEipAddress", Name="a", Bandwidth="5")["AllocationId"]
    vpc("ModifyEipAddressAttribute", AllocationId=eip_id, Bandwidth="10")
    row = network.eip(eip_id)
    assert (row["Name"], row["Bandwidth"]) == ("a", "10")
    vpc("ModifyEipAddressAttribute", AllocationId=eip_id, Bandwidth="10")
    assert network.eip(eip_id) == row


def test_eips_are_found_by_what_they_are_bound_to(network: Network, vpc: Api):
    _, _, nat, eip, _ = network.way_out()
    vpc("AllocateEipAddress")
    body = vpc(
        "DescribeEipAddresses",
        AssociatedInstanceType="Nat",
        AssociatedInstanceId=nat["NatGatewayId"],
    )
    assert [row["AllocationId"] for row in body["EipAddresses"]["EipAddress"]] == [
        eip["AllocationId"]
    ]
    assert vpc("DescribeEipAddresses", Status="Available")["TotalCount"] == 1
    assert vpc("DescribeEipAddresses", EipAddress=eip["IpAddress"])["TotalCount"] == 1


def test_names_are_modified_and_a_repeat_changes_nothing(network: Network, vpc: Api):
    vpc_id = network.vpc()
    vswitch_id = network.vswitch(vpc_id)
    nat_id = network.nat(vpc_id, vswitch_id)["NatGatewayId"]
    read = []
    for _ in range(2):
        vpc("ModifyVSwitchAttribute", VSwitchId=vswitch_id, VSwitchName="a", Description="d")
        vpc("ModifyNatGatewayAttribute", NatGatewayId=nat_id, Name="b", EipBindMode="NAT")
        switches = vpc("DescribeVSwitches", VSwitchId=vswitch_id)["VSwitches"]["VSwitch"]
        read.append((switches, network.gateway(nat_id)))
    assert read[0] == read[1]
    (vswitch,), gateway = read[0]
    assert (vswitch["VSwitchName"], vswitch["Description"]) == ("a", "d")
    assert (gateway["Name"], gateway["EipBindMode"], gateway["Description"]) == ("b", "NAT", "")
