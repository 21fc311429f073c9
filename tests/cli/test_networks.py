"""Networks: several zones, given ones, Terway beside Flannel, private endpoints, SSH."""

from __future__ import annotations

import json
from pathlib import Path

import alibabacloud_vpc20160428.models as vpc_models
import pytest
from alibabacloud_vpc20160428.client import Client as VpcClient
from support.cli import Cli, cli_on

from tests.cli.machines import asked, bodies, ecs_of
from tests.emulator.net.apis import Api

HEAD = "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
TERWAY = HEAD + (
    "network:\n  plugin: terway\n  vswitches: [{zone: cn-hangzhou-j}, {zone: cn-hangzhou-k}]\n"
    "  podVswitches: [{zone: auto}, {zone: auto}]\n"
    "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge]}]\n"
)


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    return str(path)


def own_network(cli: Cli) -> tuple[str, str]:
    """A VPC and a vSwitch of the user's own, with a NAT gateway and its EIP."""
    vpc = Api(VpcClient, vpc_models, cli.emulator)
    vpc_id = str(vpc("CreateVpc", CidrBlock="10.0.0.0/8", VpcName="mine")["VpcId"])
    while vpc("DescribeVpcs", VpcId=vpc_id)["Vpcs"]["Vpc"][0]["Status"] != "Available":
        pass
    made = vpc("CreateVSwitch", VpcId=vpc_id, ZoneId="cn-hangzhou-k", CidrBlock="10.1.0.0/16")
    vswitch_id = str(made["VSwitchId"])
    found = {"Status": "Pending"}
    while found["Status"] != "Available":
        (found,) = vpc("DescribeVSwitches", VSwitchId=vswitch_id)["VSwitches"]["VSwitch"]
    return vpc_id, vswitch_id


@pytest.mark.long
def test_a_given_vpc_and_vswitch_are_used_and_left_as_they_were(cli: Cli) -> None:
    vpc_id, vswitch_id = own_network(cli)
    before = cli.account()
    given = ("--vpc-id", vpc_id, "--vswitch-id", vswitch_id)
    made = cli.ok("create", "demo", *given, "-o", "json").json
    mine = {r["id"]: r["owned"] for r in made["resources"] if r["type"] in {"Vpc", "VSwitch"}}
    assert mine == {vpc_id: False, vswitch_id: False}
    assert cli.account()["snat"]
    bodies_before = [b["Tags"] for b in bodies(cli, "vpc")]
    assert bodies_before == [{}]
    cli.ok("delete", "demo", "-y")
    assert cli.account() == before


@pytest.mark.long
def test_a_given_gateway_keeps_what_is_its_own_and_loses_our_entries_alone(
    cli: Cli, tmp_path: Path
) -> None:
    vpc_id, vswitch_id = own_network(cli)
    cli.ok("create", "first", "--vpc-id", vpc_id, "--vswitch-id", vswitch_id)
    (gateway,) = cli.account()["natgateway"]
    (entry,) = cli.account()["snat"]
    text = HEAD + (
        f"network:\n  podCidr: 172.24.0.0/16\n  vpc: {{id: {vpc_id}}}\n"
        f"  vswitches: [{{id: {vswitch_id}}}]\n  nat: {{id: {gateway}}}\n"
        "cluster: {serviceCidr: 172.25.0.0/20}\n"
        "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1}]\n"
    )
    cli.ok("create", "-f", file(tmp_path, text))
    assert cli.account()["snat"] == [entry]
    cli.ok("delete", "demo", "-y")
    assert cli.account()["natgateway"] == [gateway]
    assert cli.account()["snat"] == [entry]
    assert cli.ok("verify", "first").code == 0


@pytest.mark.long
def test_a_given_security_group_gets_no_rule_and_stays(cli: Cli, tmp_path: Path) -> None:
    vpc_id, vswitch_id = own_network(cli)
    group = ecs_of(cli)("CreateSecurityGroup", VpcId=vpc_id)["SecurityGroupId"]
    pods = {"IpProtocol": "all", "PortRange": "-1/-1", "SourceCidrIp": "172.16.0.0/12"}
    ecs_of(cli)("AuthorizeSecurityGroup", SecurityGroupId=group, Permissions=[pods])
    text = HEAD + (
        f"network:\n  vpc: {{id: {vpc_id}}}\n  vswitches: [{{id: {vswitch_id}}}]\n"
        f"  securityGroupId: {group}\n"
        "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1}]\n"
    )
    cli.emulator.requests.clear()
    cli.ok("create", "-f", file(tmp_path, text))
    assert "AuthorizeSecurityGroup" not in asked(cli)
    assert {b["SecurityGroupIds"][0] for b in bodies(cli, "instance")} == {group}
    cli.ok("delete", "demo", "-y")
    assert cli.account()["securitygroup"] == [group]


def test_ranges_that_overlap_a_given_vpc_are_refused_before_anything(cli: Cli) -> None:
    vpc_id, vswitch_id = own_network(cli)
    cli.emulator.requests.clear()
    given = ("--vpc-id", vpc_id, "--vswitch-id", vswitch_id, "--pod-cidr", "10.2.0.0/16")
    refused = cli("create", "demo", *given)
    assert refused.code == 3
    assert "10.2.0.0/16 overlaps 10.0.0.0/8" in refused.err
    assert asked(cli) == []


@pytest.mark.long
def test_terways_pods_have_vswitches_of_their_own_with_a_way_out(cli: Cli, tmp_path: Path) -> None:
    path = file(tmp_path, TERWAY)
    cli.ok("create", "-f", path)
    by_name = {b["name"]: (i, b) for i, b in zip(cli.account()["vswitch"], bodies(cli, "vswitch"),
                                                 strict=True)}  # fmt: skip
    assert {name: body["CidrBlock"] for name, (_, body) in by_name.items()} == {
        "ackgpu-demo-vswitch-j": "192.168.0.0/24",
        "ackgpu-demo-vswitch-k": "192.168.1.0/24",
        "ackgpu-demo-vswitch-j-pods": "192.168.16.0/20",
        "ackgpu-demo-vswitch-k-pods": "192.168.32.0/20",
    }
    pods = {by_name[f"ackgpu-demo-vswitch-{z}-pods"][0] for z in "jk"}
    (cluster,) = bodies(cli, "cluster")
    assert cluster["network"] != "Flannel"
    addons = json.dumps(bodies(cli, "addon"))
    assert all(vswitch_id in addons for vswitch_id in pods)
    (pool,) = bodies(cli, "nodepool")
    assert not pods & set(pool["scaling_group"]["vswitch_ids"])
    assert len(cli.account()["snat"]) == 4
    assert len(cli.account().get("route", [])) == 1
    assert cli.ok("create", "-f", path, "-o", "json").json["changed"] is False
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


def test_types_too_small_for_terways_pods_are_refused(cli: Cli) -> None:
    refused = cli("create", "demo", "--network", "terway", "--instance-type",
                  "ecs.sgn7i-vws-m2.xlarge")  # fmt: skip
    assert refused.code == 2
    assert "addresses for 2 pods" in refused.err
    assert cli.account() == {}


@pytest.mark.long
def test_terway_takes_no_route_entries_and_flannel_one_a_node(cli: Cli) -> None:
    cli.ok("create", "flannel")
    routes = len(cli.account()["route"])
    cli.ok("create", "terway", "--network", "terway")
    assert len(cli.account()["route"]) == routes + 1  # the way out of its VPC
    assert routes == 3


@pytest.mark.long
@pytest.mark.parametrize(
    ("balancers", "words", "ports"),
    [
        ("one", (), {6443}),
        ("one", ("--ssh", "--key-pair", "ops"), {6443}),
        ("two", (), {6443, 8443}),
        ("two", ("--ssh", "--key-pair", "ops"), {22, 6443, 8443}),
    ],
)
def test_ssh_gives_a_key_pair_and_opens_port_22_only_as_the_document_of_2020_has_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    balancers: str,
    words: tuple[str, ...],
    ports: set[int],
) -> None:
    with cli_on(
        tmp_path / "user", capsys, scenario={"doubts": {"api_balancers": balancers}}
    ) as cli:
        ecs_of(cli)("CreateKeyPair", KeyPairName="ops")
        ended = cli.ok("create", "demo", "--nodes", "1", "--no-verify", *words)
        assert {int(b["ListenerPort"]) for b in bodies(cli, "listener")} == ports
        (instance,) = bodies(cli, "instance")
    assert ("managed clusters ignore it" in ended.err) is bool(words)
    assert instance["KeyPairName"] == ("ops" if words else "")


def test_ssh_needs_a_key_pair_that_exists(cli: Cli) -> None:
    assert cli("create", "demo", "--ssh").code == 2
    refused = cli("create", "demo", "--ssh", "--key-pair", "nobody")
    assert refused.code == 3
    assert "nobody" in refused.err
    assert cli.account() == {}


def test_a_dedicated_cluster_is_refused_with_the_truth(cli: Cli, tmp_path: Path) -> None:
    text = HEAD + (
        "cluster: {type: Kubernetes}\n"
        "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge]}]\n"
    )
    refused = cli("create", "-f", file(tmp_path, text))
    assert refused.code == 3
    assert "2024-08-21" in refused.err
    assert cli.account() == {}


def test_a_version_that_is_not_creatable_is_refused_with_those_that_are(cli: Cli) -> None:
    refused = cli("create", "demo", "--kubernetes-version", "1.20")
    assert refused.code == 3
    assert "creatable: 1." in refused.err
    assert cli("create", "demo", "--kubernetes-version", "1.14.6").code == 2
    assert cli.account() == {}


@pytest.mark.long
def test_slices_and_whole_cards_stand_side_by_side_and_are_told_apart(
    cli: Cli, tmp_path: Path
) -> None:
    text = HEAD + (
        "nodePools:\n- {name: slices, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1}\n"
        "- {name: cards, instanceTypes: [ecs.gn6i-c4g1.xlarge], desiredSize: 1}\n"
    )
    cli.ok("create", "-f", file(tmp_path, text))
    kinds = {
        body["name"]: {r["key"]: r["value"] for r in body["kubernetes_config"]["labels"]}
        for body in bodies(cli, "nodepool")
    }
    assert kinds["slices"]["ackgpu.dev/gpu-kind"] == "vgpu"
    assert kinds["cards"]["ackgpu.dev/gpu-kind"] == "whole"
    assert cli.ok("verify", "demo").out.count("1/1") == 2


@pytest.mark.long
def test_clusters_of_all_regions_are_listed(cli: Cli) -> None:
    cli.ok("create", "here", "--nodes", "1")
    cli.ok("create", "there", "--region", "cn-shanghai", "--nodes", "1")
    assert [r["name"] for r in cli.ok("list", "-o", "json").json["clusters"]] == ["here"]
    rows = cli.ok("list", "--all-regions", "-o", "json").json["clusters"]
    assert {(r["name"], r["region"]) for r in rows} == {
        ("here", "cn-hangzhou"),
        ("there", "cn-shanghai"),
    }
