"""The policy that ``policy generate`` writes is enough, and no action of it is too many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_slb20140515.models as slb_models
import pytest
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_slb20140515.client import Client as SlbClient
from support.cli import Cli, cli_on

from tests.cli.machines import own_instance
from tests.cli.policies import as_user_of, for_a_life, generated, without
from tests.emulator.net.apis import Api

CHECKING = (
    "cs:CheckServiceRole", "cs:DescribeUserQuota", "ecs:DescribeAccountAttributes",
    "ecs:DescribeInstanceTypes", "ecs:DescribeInstances", "ecs:DescribePrice", "ecs:DescribeZones",
    "slb:DescribeLoadBalancers",
)  # fmt: skip
"""Read by the checks before anything is made: without one of them the preflight fails (3)."""
CREATING = (
    "cs:CreateCluster", "cs:CreateClusterNodePool", "cs:DescribeClusterDetail",
    "cs:DescribeClusterNodePools", "cs:DescribeClusterNodes", "cs:DescribeClusterResources",
    "cs:DescribeClusterUserKubeconfig", "cs:DescribeKubernetesVersionMetadata",
    "cs:DescribeTaskInfo", "cs:DescribeClustersForRegion",
    "ecs:AuthorizeSecurityGroup", "ecs:CreateSecurityGroup", "ecs:DescribeAvailableResource",
    "ecs:DescribeRegions", "ecs:DescribeSecurityGroupAttribute", "ecs:DescribeSecurityGroups",
    "vpc:AllocateEipAddress", "vpc:AssociateEipAddress", "vpc:CreateNatGateway",
    "vpc:CreateSnatEntry", "vpc:CreateVSwitch", "vpc:CreateVpc", "vpc:DescribeEipAddresses",
    "vpc:DescribeNatGateways", "vpc:DescribeSnatTableEntries", "vpc:DescribeVSwitches",
    "vpc:DescribeVpcs", "vpc:ListEnhanhcedNatGatewayAvailableZones", "ram:CreateServiceLinkedRole",
)  # fmt: skip
OLD_LIST = ("cs:DescribeClustersV1", "cs:GetClusters")
"""Asked only in a region that does not know the new list: see test_policy_for.py."""
LOOKING = (
    "ecs:DescribeDisks", "ecs:DescribeNetworkInterfaces", "vpc:DescribeRouteTableList",
)  # fmt: skip
"""Without one of them a deletion does not know what there is: denied (4)."""
REMOVING = (
    "cs:DeleteCluster", "ecs:DeleteSecurityGroup", "vpc:DeleteNatGateway", "vpc:DeleteSnatEntry",
    "vpc:DeleteVSwitch", "vpc:DeleteVpc", "vpc:ReleaseEipAddress", "vpc:UnassociateEipAddress",
)  # fmt: skip
"""Without one of them a deletion leaves something over (10)."""
FOR_LEFTOVERS = {"slb:DeleteLoadBalancer": 10, "slb:SetLoadBalancerDeleteProtection": 10}
"""Requested if a load balancer of a deleted cluster stands in the way of the VPC; the exit code."""
FOR_PODS = {"ecs:DeleteDisk": 10, "ecs:DeleteNetworkInterface": 10, "ecs:TagResources": 4}
"""Requested if pods had volumes and network interfaces; the exit code without it."""
FOR_SERVICES = (
    "alb:DeleteLoadBalancer", "alb:DisableDeletionProtection", "alb:ListLoadBalancers",
    "nlb:DeleteLoadBalancer", "nlb:ListLoadBalancers", "nlb:UpdateLoadBalancerProtection",
)  # fmt: skip
"""Requested if Services made network or application load balancers; tests/survival has the rest."""
ON_DETOURS = (
    "cs:DeleteClusterNodepool", "cs:DescribeClusterTasks", "ecs:DeleteInstance",
    "vpc:ListTagResources", "vpc:TagResources",
)  # fmt: skip
"""A pool that is sold out is made again elsewhere; another machine asks for the cluster's tasks; a
node outlived its pool; a NAT gateway shows no tags; the cluster's id is noted on its network."""
PROTECTED = ("cs:ModifyCluster",)
"""For delete --disable-protection; test_policy_for takes it away."""
STOOD_IN_FOR = ("quotas:ListProductQuotas", "bssapi:GetPayAsYouGoPrice")
"""Documented figures stand in for what it would tell."""
CONSOLE = "ecs:GetInstanceConsoleOutput"
"""Asked of a node whose GPU does not come up: see test_driver_failures.py."""
SHOWN = "slb:DescribeLoadBalancerAttribute"
"""Without it the summary of a creation does not say what the load balancers serve."""
SOLD_OUT = {
    "faults": [{"kind": "stock_out", "zone": "cn-hangzhou-k", "announced": False}]
}  # fmt: skip


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    with cli_on(tmp_path / "user", capsys, enforce_ram=True) as shell:
        yield shell


def test_the_actions_are_those_that_the_tests_below_take_away(cli: Cli) -> None:
    assert for_a_life(cli) == {
        *CHECKING, *CREATING, *LOOKING, *REMOVING, *FOR_LEFTOVERS, *FOR_PODS, *FOR_SERVICES,
        *ON_DETOURS, *OLD_LIST, *STOOD_IN_FOR, *PROTECTED, SHOWN, CONSOLE,
    }  # fmt: skip


@pytest.mark.long
def test_a_cluster_is_made_verified_and_deleted_under_the_generated_policy(cli: Cli) -> None:
    for command in (("create", "demo"), ("verify", "demo"), ("delete", "demo", "-y")):
        ended = cli(*command, env=as_user_of(cli, generated(cli, command[0])))
        assert ended.code == 0, ended.err
    assert cli.account() == {}


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("action", "code"), [(name, 3) for name in CHECKING] + [(name, 4) for name in CREATING]
)
def test_without_an_action_the_creation_fails_and_names_it(
    cli: Cli, action: str, code: int
) -> None:
    user = without(cli, action)
    ended = cli("create", "demo", env=user)
    assert ended.code == code
    assert action in ended.err


@pytest.mark.long
@pytest.mark.parametrize("action", STOOD_IN_FOR)
def test_without_figures_or_prices_a_creation_warns_and_names_the_action(
    cli: Cli, action: str
) -> None:
    ended = cli("create", "demo", "--no-verify", env=without(cli, action))
    assert ended.code == 0, ended.err
    assert action.partition(":")[2] in ended.err


@pytest.mark.long
def test_without_the_ports_of_load_balancers_a_creation_says_what_it_lacks(cli: Cli) -> None:
    ended = cli("create", "demo", "--no-verify", env=without(cli, SHOWN))
    assert ended.code == 0, ended.err
    assert SHOWN in ended.out


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("action", "code"), [(name, 4) for name in LOOKING] + [(name, 10) for name in REMOVING]
)
def test_without_an_action_the_deletion_fails_and_names_it(
    cli: Cli, action: str, code: int
) -> None:
    user = without(cli, action)
    made = cli("create", "demo", "--no-verify", env=user)
    assert made.code == 0, made.err
    ended = cli("delete", "demo", "-y", env=user)
    assert ended.code == code
    assert action in ended.err


@pytest.mark.long
@pytest.mark.parametrize(("action", "code"), FOR_LEFTOVERS.items())
def test_without_an_action_a_leftover_load_balancer_stays_and_is_named(
    cli: Cli, action: str, code: int
) -> None:
    cli.ok("create", "demo", "--no-verify")
    slb, account = Api(SlbClient, slb_models, cli.emulator), cli.account()
    made = slb("CreateLoadBalancer", VpcId=account["vpc"][0], VSwitchId=account["vswitch"][0],
               AddressType="intranet", DeleteProtection="on")  # fmt: skip
    gone = [{"Key": "ack.aliyun.com", "Value": "c0"}]
    ids = [made["LoadBalancerId"]]
    slb("TagResources", ResourceType="instance", ResourceId=ids, Tag=gone)
    ended = cli("delete", "demo", "-y", env=without(cli, action))
    assert ended.code == code
    assert action in ended.err


@pytest.mark.long
@pytest.mark.parametrize(("action", "code"), FOR_PODS.items())
def test_without_an_action_what_pods_had_stays_and_is_named(
    cli: Cli, action: str, code: int
) -> None:
    cli.ok("create", "demo", "--no-verify")
    ecs, account = Api(EcsClient, ecs_models, cli.emulator), cli.account()
    tag = [{"Key": "ack.aliyun.com", "Value": account["cluster"][0]}]
    ecs("CreateDisk", ZoneId="cn-hangzhou-k", DiskCategory="cloud_essd", Size=20, Tag=tag)
    ecs("CreateNetworkInterface", VSwitchId=account["vswitch"][0],
        SecurityGroupId=account["securitygroup"][0], Tag=tag)  # fmt: skip
    ended = cli("delete", "demo", "-y", env=without(cli, action))
    assert ended.code == code
    assert action in ended.err


@pytest.mark.long
def test_without_releasing_instances_one_that_outlived_its_pool_stays(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    instance_id = own_instance(cli)
    backend = cli.emulator.backend
    with backend.transaction(write=True) as session:
        doc = session.get("instance", instance_id)
        assert doc is not None
        doc.body["Tags"] = {"ackgpu:cluster": "demo"}
        session.put(doc)
    ended = cli("delete", "demo", "-y", env=without(cli, "ecs:DeleteInstance"))
    assert ended.code == 10
    assert "ecs:DeleteInstance" in ended.err


@pytest.mark.long
def test_without_listing_tags_a_nat_gateway_that_shows_none_is_not_told_apart(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    account = cli.account()
    given = ("--vpc-id", account["vpc"][0], "--vswitch-id", account["vswitch"][0])
    with cli.emulator.backend.transaction(write=True) as session:
        (gateway,) = session.find("natgateway")
        gateway.body["Tags"] = {}
        session.put(gateway)
    user = without(cli, "vpc:ListTagResources", *given)
    ended = cli("create", "other", *given, "--pod-cidr", "172.22.0.0/16", env=user)
    assert ended.code == 3
    assert "vpc:ListTagResources" in ended.err


@pytest.mark.long
def test_without_deleting_node_pools_no_other_zone_is_taken(cli: Cli) -> None:
    cli.emulator.set_faults(SOLD_OUT)
    ended = cli("create", "demo", env=without(cli, "cs:DeleteClusterNodepool"))
    assert ended.code == 4
    assert "cs:DeleteClusterNodepool" in ended.err


@pytest.mark.long
def test_without_listing_tasks_another_machine_cannot_go_on(cli: Cli) -> None:
    cli.emulator.set_faults({"faults": [{"kind": "cluster_stuck"}]})
    user = without(cli, "cs:DescribeClusterTasks")
    assert cli("create", "demo", "--no-wait", env=user).code == 0
    elsewhere = {"ACKGPU_STATE_DIR": str(cli.home / "another-machine")}
    ended = cli("create", "demo", env={**user, **elsewhere})
    assert ended.code == 4
    assert "cs:DescribeClusterTasks" in ended.err


def test_a_given_vpc_needs_no_permission_to_make_or_remove_one(cli: Cli) -> None:
    given = for_a_life(cli, "--vpc-id", "vpc-1", "--vswitch-id", "vsw-1")
    absent = {"vpc:CreateVpc", "vpc:DeleteVpc", "vpc:CreateVSwitch", "vpc:DeleteVSwitch"}
    assert not absent & set(given)
    assert "vpc:DescribeRouteEntryList" in given
    assert "vpc:DescribeRouteEntryList" not in for_a_life(cli)


def test_a_key_pair_adds_its_read_alone(cli: Cli) -> None:
    added = for_a_life(cli, "--key-pair", "mine") - for_a_life(cli)
    assert added == {"ecs:DescribeKeyPairs"}


def test_the_policy_is_part_of_the_document(cli: Cli) -> None:
    document = cli.ok("policy", "generate", "-o", "json").json
    assert document["policy"]["Version"] == "1"


@pytest.mark.long
def test_check_names_each_refused_read_and_exits_with_3(cli: Cli) -> None:
    assert cli.ok("policy", "check").code == 0
    refused = cli("policy", "check", env=without(cli, "ecs:DescribePrice"))
    assert refused.code == 3
    assert "ecs:DescribePrice" in refused.out
    assert "ecs:DescribeZones" not in refused.out
