"""``policy generate --for``: enough for its commands, and every action of it is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support.altering import Exchange, altering_proxy_to
from support.cli import Cli, cli_on

from tests.cli.machines import own_instance
from tests.cli.policies import LINKING, NO_TAGS, OLD_LIST, as_user_of, generated

CONSOLE = {"ecs:GetInstanceConsoleOutput"}
"""Asked of a node whose GPU does not come up: see test_driver_failures.py."""
UNKNOWN_LIST = {
    "effect": "error",
    "action": "DescribeClustersForRegion",
    "status": 404,
    "code": "InvalidAction.NotFound",
}
PURPOSES = (
    "create", "apply", "verify", "diagnose", "delete", "nodepool", "node", "sleep", "upgrade", "gc",
    "extend",
    "describe",
)  # fmt: skip
READING = (
    ("list", "--all-regions"),
    ("describe", "demo"),
    ("wait", "demo", "--for", "gpu"),
    ("kubeconfig", "show", "demo"),
    ("export", "terraform", "demo"),
)


CONVERTIBLE = ("--instance-type", "ecs.sgn7i-vws-m2.xlarge")
"""A type whose instances can become subscriptions."""


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell on an account that enforces RAM, with a cluster of one node."""
    with cli_on(tmp_path / "user", capsys, enforce_ram=True) as shell:
        shell.ok("create", "demo", "--nodes", "1", "--kubernetes-version", "1.34", *CONVERTIBLE)
        yield shell


def suffices(cli: Cli, purpose: str, commands: Sequence[Sequence[str]]) -> None:
    user = as_user_of(cli, generated(cli, purpose))
    for command in commands:
        ended = cli(*command, env=user)
        assert ended.code == 0, ended.err


def lacking(cli: Cli, purpose: str, action: str, commands: Sequence[Sequence[str]]) -> str:
    """What is told where an action is taken out: the first command that fails, or a doubt."""
    actions = generated(cli, purpose)
    actions.remove(action)
    user = as_user_of(cli, actions)
    for command in commands:
        ended = cli(*command, env=user)
        told = ended.out + ended.err
        if ended.code or action in told:
            return told
    return ""


@pytest.mark.long
@pytest.mark.parametrize("purpose", ["verify", "delete", "extend", "describe", "gc"])
def test_a_region_that_knows_the_old_list_alone_takes_two_actions(cli: Cli, purpose: str) -> None:
    cli.emulator.set_faults({"faults": [UNKNOWN_LIST]})
    command = {
        "verify": ("verify", "demo"),
        "delete": ("delete", "demo", "--dry-run"),
        "extend": ("extend", "demo", "--ttl", "3h"),
        "describe": ("describe", "demo"),
        "gc": ("gc", "--older-than", "1s"),
    }[purpose]
    suffices(cli, purpose, [command])
    for action in sorted(OLD_LIST):
        assert action in lacking(cli, purpose, action, [command])


@pytest.mark.long
def test_what_verifies(cli: Cli) -> None:
    suffices(cli, "verify", [("verify", "demo"), ("run-sample", "demo")])
    for action in sorted(set(generated(cli, "verify")) - OLD_LIST - CONSOLE):
        assert action in lacking(cli, "verify", action, [("verify", "demo")])


@pytest.mark.long
def test_what_reads(cli: Cli) -> None:
    suffices(cli, "describe", READING)
    for action in sorted(set(generated(cli, "describe")) - OLD_LIST - NO_TAGS - CONSOLE):
        assert action in lacking(cli, "describe", action, READING), action


@pytest.mark.long
def test_what_extends(cli: Cli) -> None:
    command = ("extend", "demo", "--ttl", "3h")
    suffices(cli, "extend", [command])
    for action in sorted(set(generated(cli, "extend")) - OLD_LIST - NO_TAGS):
        assert action in lacking(cli, "extend", action, [command]), action


@pytest.mark.long
@pytest.mark.parametrize(
    "command",
    [
        ("extend", "demo", "--ttl", "3h"),
        ("describe", "demo"),
        ("diagnose", "demo"),
        ("gc", "--older-than", "1s"),
    ],
)
def test_a_nat_gateway_that_shows_no_tags_is_asked_for_them(
    cli: Cli, command: tuple[str, ...]
) -> None:
    def tagless(exchange: Exchange) -> bytes:
        if exchange.action != "DescribeNatGateways":
            return exchange.content
        answer = json.loads(exchange.content)
        for row in answer["NatGateways"]["NatGateway"]:
            row.pop("Tags", None)
        return json.dumps(answer).encode()

    purpose = command[0]
    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        proxy.alter = tagless
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        suffices(cli, purpose, [command])
        assert "vpc:ListTagResources" in lacking(cli, purpose, "vpc:ListTagResources", [command])


BY_APPLY = (
    "cs:ModifyCluster", "cs:TagResources", "cs:InstallClusterAddons", "cs:CreateClusterNodePool",
)  # fmt: skip
"""In the order in which they are asked: each refusal leaves the ones behind it to be asked."""
OTHER_ADDON = {
    "cs:ModifyClusterAddon": {"config": '{"a": 1}'},
    "cs:UpgradeClusterAddons": {"version": "v9.9.9"},
    "cs:UnInstallClusterAddons": {"disabled": True},
}


def to_apply(cli: Cli, team: str = "sound", **addon: object) -> tuple[str, ...]:
    """The command that applies the cluster's own file with changes of every kind."""
    document = YAML(typ="safe").load(cli.ok("export", "spec", "demo").out)
    document["lifecycle"] = {"ttl": "9h", "deletionProtection": True}
    document["metadata"]["tags"] = {"team": "sound"}
    document["cluster"]["addons"] = [{"name": "ack-gpu-exporter", **addon}]
    pool = document["nodePools"][0]
    pool["labels"] = {"team": team}
    pool["desiredSize"] = 2
    document["nodePools"] = [pool, pool | {"name": "more", "desiredSize": 1}]
    path = cli.home / "cluster.yaml"
    YAML().dump(document, path)
    return ("apply", "-f", str(path), "-y", "--prune")


@pytest.mark.long
def test_what_switches_the_protection_off(cli: Cli) -> None:
    cli.ok(*to_apply(cli))
    command = ("delete", "demo", "-y", "--disable-protection")
    assert "cs:ModifyCluster" in lacking(cli, "delete", "cs:ModifyCluster", [command])
    suffices(cli, "delete", [command])


@pytest.mark.long
def test_what_applies(cli: Cli) -> None:
    command = to_apply(cli)
    for action in BY_APPLY:
        assert action in lacking(cli, "apply", action, [command]), action
    suffices(cli, "apply", [command])
    relabelled = to_apply(cli, "noise")
    assert "cs:ModifyClusterNodePool" in lacking(
        cli, "apply", "cs:ModifyClusterNodePool", [relabelled]
    )
    for action, addon in OTHER_ADDON.items():
        command = to_apply(cli, **addon)
        assert action in lacking(cli, "apply", action, [command]), action
    cli.ok("nodepool", "add", "demo", "old", "--nodes", "0", *CONVERTIBLE)
    assert "cs:DeleteClusterNodepool" in lacking(
        cli, "apply", "cs:DeleteClusterNodepool", [command]
    )
    suffices(cli, "apply", [command])


UPGRADING = ("upgrade", "demo", "-y", "--node-pools")
BEFORE = (
    "cs:DescribeClusterDetail", "cs:DescribeClusterNodePools", "cs:DescribeClustersForRegion",
    "cs:DescribeKubernetesVersionMetadata", "cs:RunClusterCheck", "cs:GetClusterCheck",
    "cs:TagResources", "cs:UpgradeCluster",
)  # fmt: skip
"""Asked before anything is upgraded, in an order in which each refusal changes nothing."""
AFTER = ("cs:UpgradeClusterNodepool", "cs:DescribeTaskInfo")


@pytest.mark.long
def test_what_upgrades(cli: Cli) -> None:
    assert set(generated(cli, "upgrade")) - OLD_LIST == {*BEFORE, *AFTER}
    for action in (*BEFORE, *AFTER):
        assert action in lacking(cli, "upgrade", action, [UPGRADING]), action
    suffices(cli, "upgrade", [UPGRADING])


ATTACHING = {
    "cs:AttachInstancesToNodePool", "cs:DescribeClusterAttachScripts", "ecs:DescribeInstanceTypes",
}  # fmt: skip
ON_FAILURE = {"cs:DescribeClusterTasks", "cs:DescribeTaskInfo"}
"""Read for the reason of a failure, and if a change takes long."""
ON_POOLS = (
    ("nodepool", "list", "demo"),
    ("nodepool", "add", "demo", "extra", "--nodes", "1"),
    ("nodepool", "scale", "demo", "extra", "--nodes", "2"),
    ("nodepool", "scale", "demo", "extra", "--nodes", "1", "-y"),
    ("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "--dry-run"),
    ("nodepool", "delete", "demo", "extra", "-y"),
)
ORDERING = "ecs:ModifyInstanceChargeType"


INTO_A_ZONE = {"ecs:DescribeZones", "vpc:DescribeSnatTableEntries"}
"""Asked before a pool is refused in a zone without a vSwitch, for the commands that make one."""


@pytest.mark.long
def test_what_leads_into_a_zone_without_a_vswitch(cli: Cli) -> None:
    command = ("nodepool", "add", "demo", "far", "--nodes", "1", "--zone", "cn-hangzhou-b")
    for action in sorted({*INTO_A_ZONE, "vpc:DescribeNatGateways"}):
        assert action in lacking(cli, "nodepool", action, [command])
    told = cli(*command, env=as_user_of(cli, generated(cli, "nodepool"))).err
    assert "aliyun vpc CreateSnatEntry" in told


@pytest.mark.long
def test_what_changes_node_pools(cli: Cli) -> None:
    special = {*ATTACHING, *ON_FAILURE, *OLD_LIST, *NO_TAGS, *CONSOLE, *INTO_A_ZONE, ORDERING}
    untold = []
    for action in sorted(set(generated(cli, "nodepool")) - special):
        if action not in lacking(cli, "nodepool", action, ON_POOLS):
            untold.append(action)
        cli("nodepool", "delete", "demo", "extra", "-y")
    assert untold == []
    suffices(cli, "nodepool", ON_POOLS)


@pytest.mark.long
def test_what_converts_to_subscriptions(cli: Cli) -> None:
    command = ("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "-y")
    assert ORDERING in lacking(cli, "nodepool", ORDERING, [command])
    suffices(cli, "nodepool", [command])


@pytest.mark.long
def test_why_a_pool_was_not_deleted_is_read_from_its_task(cli: Cli) -> None:
    action = "cs:DescribeClusterTasks"
    cli.emulator.set_faults({"faults": [{"kind": "pool_delete_failed"}]})
    command = ("nodepool", "delete", "demo", "gpu", "-y")
    assert action in lacking(cli, "nodepool", action, [command])


@pytest.mark.long
@pytest.mark.parametrize("action", ["", *sorted(ATTACHING)])
def test_what_attaches(cli: Cli, action: str) -> None:
    words = ("nodepool", "attach", "demo", "gpu", "--instance-id", own_instance(cli), "-y")
    commands = ((*words, "--mode", "manual"), words)
    if action:
        assert action in lacking(cli, "nodepool", action, commands)
    else:
        suffices(cli, "nodepool", commands)


@pytest.mark.long
def test_what_sleeps_and_wakes(cli: Cli) -> None:
    commands = (("sleep", "demo", "-y"), ("wake", "demo"))
    untold = set()
    for action in sorted(
        set(generated(cli, "sleep")) - {*OLD_LIST, *NO_TAGS, *ON_FAILURE, *CONSOLE}
    ):
        cli.ok("wake", "demo")  # what the one before it left
        if action not in lacking(cli, "sleep", action, commands):
            untold.add(action)
    assert untold == set()
    suffices(cli, "sleep", commands)


REPLACING = (
    "cs:DescribeTaskInfo", "cs:ModifyClusterNodePool", "cs:RemoveNodePoolNodes",
    "ecs:DescribeInstances",
)  # fmt: skip


def on_the_node(cli: Cli, verb: str) -> tuple[str, ...]:
    (node,) = cli.ok("node", "list", "demo", "-o", "json").json["nodes"]
    return "node", verb, "demo", str(node["name"]), "-y"


@pytest.mark.long
def test_what_repairs_a_node(cli: Cli) -> None:
    commands = (("node", "list", "demo"), on_the_node(cli, "repair"))
    for action in sorted(set(generated(cli, "node")) - {*OLD_LIST, *REPLACING, *CONSOLE}):
        assert action in lacking(cli, "node", action, commands), action
    suffices(cli, "node", commands)


@pytest.mark.long
@pytest.mark.parametrize("action", ["", *REPLACING])
def test_what_replaces_a_node(cli: Cli, action: str) -> None:
    command = on_the_node(cli, "replace")
    if action:
        assert action in lacking(cli, "node", action, [command])
    else:
        suffices(cli, "node", [command])


@pytest.mark.long
def test_gc_needs_what_a_deletion_needs_and_what_finds_all_that_is_ours(cli: Cli) -> None:
    deleting, collecting = set(generated(cli, "delete")), set(generated(cli, "gc"))
    assert deleting <= collecting
    suffices(cli, "gc", [("gc", "--all-regions", "--older-than", "1s", "--execute", "-y")])
    assert cli.account() == {}


PRICE = "ecs:DescribePrice"


@pytest.mark.long
@pytest.mark.parametrize("action", [PRICE, "bssapi:GetPayAsYouGoPrice"])
def test_a_price_that_a_deletion_may_not_ask_is_unknown(cli: Cli, action: str) -> None:
    assert action in lacking(cli, "delete", action, [("delete", "demo", "-y")])
    assert cli.account() == {}


@pytest.mark.long
def test_each_list_that_gc_may_not_make_is_named(cli: Cli) -> None:
    """Before anything is deleted; what deletes is taken away in test_policy.py."""
    reads = re.compile(r"\w+:(Describe|List)")
    actions = {action for action in generated(cli, "gc") if reads.match(action)}
    looking, going = ("gc", "--all-regions", "--older-than", "1s"), ("delete", "demo", "--dry-run")
    wanted = sorted(actions - {*OLD_LIST, *NO_TAGS, *ON_FAILURE, PRICE})
    untold = [each for each in wanted if each not in lacking(cli, "gc", each, [looking, going])]
    assert untold == []


def test_all_is_each_of_them_together(cli: Cli) -> None:
    each = {action for purpose in PURPOSES for action in generated(cli, purpose)}
    assert set(generated(cli, "all")) == each
    assert LINKING in each


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "action", "purpose"),
    [
        (("list",), "cs:DescribeClustersForRegion", "describe"),
        (("apply", "-f", "FILE", "-y"), "cs:ListClusterAddonInstances", "apply"),
        (("verify", "demo"), "cs:DescribeClusterUserKubeconfig", "verify"),
        (("extend", "demo", "--ttl", "3h"), "vpc:TagResources", "extend"),
        (("nodepool", "list", "demo"), "cs:DescribeClusterNodePools", "nodepool"),
        (("upgrade", "demo", "--check-only"), "cs:RunClusterCheck", "upgrade"),
        (("delete", "demo", "-y"), "cs:DeleteCluster", "delete"),
        (("gc",), "ecs:DescribeDisks", "gc"),
        (("preflight",), "ecs:DescribePrice", "create"),
    ],
    ids=lambda words: words if isinstance(words, str) else " ".join(words),
)
def test_a_refusal_names_the_policy_that_holds_the_action(
    cli: Cli, command: tuple[str, ...], action: str, purpose: str
) -> None:
    assert action in generated(cli, purpose)
    if "FILE" in command:
        command = to_apply(cli)
    told = lacking(cli, purpose, action, [command])
    assert action in told
    assert f"ackgpu policy generate --for {purpose}" in " ".join(told.split())
