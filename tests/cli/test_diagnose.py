"""``diagnose``: each cause is found and leads, and the command that it prints mends it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from emulator.kube.api import DEPLOYMENTS, Api, deployment
from support.aliyun_line import carry_out
from support.cli import Cli, Ended, cli_on

from ackgpu.emulator.store import Doc
from tests.cli.machines import as_user_with
from tests.cli.policies import NO_TAGS, OLD_LIST, as_user_of, generated

REGION = "--RegionId cn-hangzhou"
JOINED = "the security group keeps it from the API server"
DISK = {
    "condition": "DiskPressure",
    "reason": "KubeletHasDiskPressure",
    "message": "kubelet has disk pressure",
}

NO_CLUSTER = {"effect": "error", "action": "CreateCluster", "code": "Forbidden.RAM", "status": 403}


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> partial[AbstractContextManager[Cli]]:
    """A shell on an account with such faults and other options."""
    return partial(cli_on, tmp_path / "user", capsys)


@pytest.fixture
def cli(shell: partial[AbstractContextManager[Cli]]) -> Iterator[Cli]:
    """A shell in which a cluster of two GPU nodes stands."""
    with shell() as made:
        made.ok("create", "demo", "--nodes", "2")
        yield made


def diagnose(cli: Cli, *words: str) -> dict[str, Any]:
    return cli.ok("diagnose", "demo", *words, "-o", "json").json


def causes(cli: Cli, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = diagnose(cli, *words)["causes"]
    return found


def ids(cli: Cli, *words: str) -> list[str]:
    return [cause["id"] for cause in causes(cli, *words)]


def as_printed(cli: Cli, command: str) -> Ended:
    """Run a line of ackgpu's as it was printed, without a terminal."""
    program, *words = shlex.split(command)
    assert program == "ackgpu"
    asks = ("node replace", "node repair", "nodepool scale", "nodepool delete", "delete")
    return cli(*words, *(["--yes"] if " ".join(words).startswith(asks) else []))


def body_of(cli: Cli, kind: str) -> Doc:
    with cli.emulator.backend.transaction() as session:
        return session.find(kind)[0]


def first_node(cli: Cli) -> dict[str, Any]:
    row: dict[str, Any] = cli.ok("node", "list", "demo", "-o", "json").json["nodes"][0]
    return row


@pytest.mark.long
def test_nothing_is_wrong_with_a_good_cluster(cli: Cli) -> None:
    ended = cli.ok("diagnose", "demo")
    assert "nothing wrong was found" in ended.out
    document = diagnose(cli)
    assert document["causes"] == document["notSeen"] == []
    assert {"tasks", "security group rules", "Kubernetes API", "device plugin"} <= set(
        document["lookedAt"]
    )
    assert cli("diagnose", "demo", "-o", "name").out == ""


@pytest.mark.long
def test_what_is_not_there_is_not_found(cli: Cli) -> None:
    assert cli("diagnose", "other").code == 5
    ended = cli("diagnose", "demo", "cn-hangzhou.10.0.0.1", "-o", "json")
    assert ended.code == ended.json["exitCode"] == 5
    assert "`ackgpu node list demo`" in ended.json["error"]["resolution"]


ON_ONE_NODE = {
    "driver-failed": ({"kind": "driver_failed"}, "Unable to load the kernel module", "replace"),
    "labels-missing": ({"kind": "label_missing"}, "without the label", "replace"),
    "labels-wrong": (
        {"kind": "label_wrong", "key": "aliyun.accelerator/nvidia_mem", "value": "1MiB"},
        "nvidia_mem is 1MiB",
        "replace",
    ),
    "device-plugin": ({"kind": "plugin_down"}, "is not running", "delete pod"),
    "gpu-not-offered": (
        {"kind": "gpu_allocatable", "value": 0},
        "allocatable nvidia.com/gpu is 0",
        "replace",
    ),
    "node-never-joined": ({"kind": "node_never_joins", "message": JOINED}, JOINED, "replace"),
    "node-not-ready": ({"kind": "node_not_ready"}, "cni plugin not initialized", "repair"),
    "node-pressure": ({"kind": "node_not_ready", **DISK}, "kubelet has disk pressure", "replace"),
}


@pytest.mark.long
@pytest.mark.parametrize("cause", ON_ONE_NODE)
def test_what_is_wrong_with_a_node_leads_with_its_evidence(
    shell: partial[AbstractContextManager[Cli]], cause: str
) -> None:
    fault, evidence, verb = ON_ONE_NODE[cause]
    with shell(faults={"faults": [{**fault, "node": 0}]}) as cli:
        cli("create", "demo", "--nodes", "2", "--no-verify")
        cli("wait", "demo", "--for", "gpu", "--timeout", "10m")
        found = causes(cli)
        assert found[0]["id"] == cause, found
        assert len(found[0]["nodes"]) == 1
        (node,) = found[0]["nodes"]
        assert any(evidence in line for line in found[0]["evidence"])
        assert any(verb in command for command in found[0]["commands"])
        other = next(n for n in cli.ok("node", "list", "demo", "-o", "json").json["nodes"]
                     if n["name"] != node)  # fmt: skip
        assert cause not in ids(cli, other["name"])
        assert ids(cli, node)[0] == cause


@pytest.mark.long
@pytest.mark.parametrize("cause", ["driver-failed", "node-never-joined", "node-pressure"])
def test_the_command_of_a_node_s_cause_mends_it(
    shell: partial[AbstractContextManager[Cli]], cause: str
) -> None:
    fault, _, _ = ON_ONE_NODE[cause]
    with shell(faults={"faults": [{**fault, "node": 0}]}) as cli:
        cli("create", "demo", "--nodes", "2", "--no-verify")
        cli("wait", "demo", "--for", "gpu", "--timeout", "10m")
        (command,) = causes(cli)[0]["commands"]
        cli.emulator.set_faults({"faults": []})
        ended = as_printed(cli, command)
        assert ended.code == 0, ended.err
        assert causes(cli) == []


FAILED_POOLS = {
    "out-of-stock": ("OperationDenied.NoStock", "ackgpu offers"),
    "quota": ("QuotaExceed.ElasticQuota", "ackgpu check-quota"),
    "access-denied": ("Forbidden.RAM", "ackgpu policy generate --for create"),
    "task-failed": ("ErrorUnheardOf", "ackgpu explain ErrorUnheardOf"),
}


@pytest.mark.long
@pytest.mark.parametrize("cause", FAILED_POOLS)
def test_a_task_that_failed_says_what_its_code_means(cli: Cli, cause: str) -> None:
    code, command = FAILED_POOLS[cause]
    fault = {"kind": "pool_failed", "pool": "more", "code": code, "message": "it was refused"}
    cli.emulator.set_faults({"faults": [fault]})
    assert cli("nodepool", "add", "demo", "more", "--nodes", "1").code
    found = causes(cli)
    assert found[0]["id"] == cause
    assert any(code in line for line in found[0]["evidence"]) or code in found[0]["title"]
    assert found[0]["commands"][0].startswith(command)
    assert as_printed(cli, found[0]["commands"][0]).code == 0


@pytest.mark.long
def test_a_create_without_stock_leaves_a_cluster_without_a_pool(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    fault = {"kind": "pool_failed", "code": "OperationDenied.NoStock", "message": "sold out"}
    with shell(faults={"faults": [fault]}) as cli:
        assert cli("create", "demo").code == 8
        (cause,) = causes(cli)
        assert cause["id"] == "out-of-stock"
        cli.emulator.set_faults({"faults": []})
        for command in cause["commands"]:
            assert as_printed(cli, command).code == 0
        assert causes(cli) == []


@pytest.mark.long
def test_a_cluster_without_a_node_pool_gets_one_by_the_command(cli: Cli) -> None:
    cli.ok("nodepool", "delete", "demo", "gpu", "--yes")
    (cause,) = causes(cli)
    assert (cause["id"], cause["likelihood"]) == ("no-node-pool", "certain")
    for command in cause["commands"]:
        assert as_printed(cli, command).code == 0
    assert causes(cli) == []


@pytest.mark.long
def test_a_network_without_a_cluster_is_gone_on_with_by_the_command(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    with shell(faults={"faults": [NO_CLUSTER]}) as cli:
        assert cli("create", "demo", "--no-verify").code
        document = diagnose(cli)
        (cause,) = document["causes"]
        assert cause["id"] == "no-cluster"
        assert document["notSeen"] == []
        (vpc,) = cli.account()["vpc"]
        assert any(vpc in line for line in cause["evidence"])
        assert cli("diagnose", "demo", "i-bp1none").code == 5
        cli.ok("diagnose", "demo", "--bundle", str(cli.home / "demo.html"))
        assert vpc in (cli.home / "demo.html").read_text()
        go_on, remove = cause["commands"]
        cli.emulator.set_faults({"faults": []})
        assert as_printed(cli, go_on).code == 0
        assert causes(cli) == []
        assert cli.account()["vpc"] == [vpc]
        assert as_printed(cli, remove).code == 0
        assert cli("diagnose", "demo").code == 5


@pytest.mark.long
def test_nodes_without_a_way_out_get_it_back_by_the_command(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    fault = {"kind": "node_never_joins", "node": 0, "message": "the registry is not reached"}
    with shell(faults={"faults": [fault]}) as cli:
        cli("create", "demo", "--nodes", "2", "--no-verify")
        assert "no-way-out" not in ids(cli)
        with cli.emulator.backend.transaction() as session:
            (entry,) = session.find("snat")
        delete = f"aliyun vpc DeleteSnatEntry {REGION} --SnatTableId {entry.scope}"
        carry_out(cli.emulator, f"{delete} --SnatEntryId {entry.id}")
        until_gone(cli, "snat", entry.id)
        cause = next(each for each in causes(cli) if each["id"] == "no-way-out")
        assert "SNAT entries: none" in cause["evidence"]
        assert cause["likelihood"] == "very likely"
        for command in cause["commands"]:
            carry_out(cli.emulator, command)
        assert "no-way-out" not in ids(cli)
        assert cli.account()["snat"]


@pytest.mark.long
def test_an_instance_that_somebody_released_is_replaced_by_the_command(cli: Cli) -> None:
    _, instance = lose_a_route(cli)
    line = f"aliyun ecs DeleteInstance {REGION} --InstanceId {instance} --Force true"
    carry_out(cli.emulator, line)
    until_gone(cli, "instance", instance)
    found = causes(cli)
    assert found[0]["id"] == "instance-gone"
    assert len(found[0]["nodes"]) == 1
    ended = as_printed(cli, found[0]["commands"][0])
    assert ended.code == 0, ended.err
    assert causes(cli) == []


@pytest.mark.long
def test_a_cluster_that_failed_is_said_with_why(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    fault = {"kind": "cluster_failed", "stage": 2, "message": "no etcd came up"}
    with shell(faults={"faults": [fault]}) as cli:
        assert cli("create", "demo").code == 11
        found = causes(cli)
        assert found[0]["id"] == "cluster-failed"
        assert any("no etcd came up" in line for line in found[0]["evidence"])
        cli.emulator.set_faults({"faults": []})
        for command in found[0]["commands"]:
            assert as_printed(cli, command).code == 0
        assert causes(cli) == []


def test_a_cluster_that_is_being_made_is_waited_for(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    with shell(faults={"faults": [{"kind": "cluster_stuck"}]}) as cli:
        cli("create", "demo", "--no-wait")
        found = causes(cli)
        assert [cause["id"] for cause in found] == ["cluster-not-ready"]
        assert found[0]["commands"] == ["ackgpu wait demo --for cluster"]


@pytest.mark.long
def test_pods_that_the_security_group_keeps_away_are_let_in_by_the_command(cli: Cli) -> None:
    group = body_of(cli, "cluster").body["security_group_id"]
    pods = cli.ok("export", "spec", "demo", "-o", "json").json
    cidr = body_of(cli, "cluster").body["container_cidr"]
    assert cidr in str(pods)
    revoke = (
        f"aliyun ecs RevokeSecurityGroup {REGION} --SecurityGroupId {group} --Permissions.1."
        f"IpProtocol ALL --Permissions.1.PortRange -1/-1 --Permissions.1.SourceCidrIp {cidr}"
    )
    carry_out(cli.emulator, revoke)
    (cause,) = causes(cli)
    assert cause["id"] == "security-group"
    assert cause["likelihood"] == "very likely"
    assert cidr in cause["evidence"][0]
    carry_out(cli.emulator, cause["commands"][0])
    assert causes(cli) == []


@pytest.mark.long
def test_a_route_that_is_gone_is_made_again_by_the_command(cli: Cli) -> None:
    route, _ = lose_a_route(cli)
    (cause,) = causes(cli)
    assert cause["id"] == "route-missing"
    assert route.body["DestinationCidrBlock"] in cause["evidence"][0]
    carry_out(cli.emulator, cause["commands"][0])
    assert causes(cli) == []


def lose_a_route(cli: Cli) -> tuple[Doc, str]:
    """Delete the route to a node's pods; the route, and the node's instance."""
    with cli.emulator.backend.transaction() as session:
        node = session.find("node")[0].body
        route = session.get("route", node["route_id"])
    assert route is not None
    delete = (
        f"aliyun vpc DeleteRouteEntry {REGION} --RouteTableId {route.scope} --RouteEntryId"
        f" {route.id} --DestinationCidrBlock {route.body['DestinationCidrBlock']}"
    )
    carry_out(cli.emulator, delete)
    until_gone(cli, "route", route.id)
    return route, node["instance_id"]


def until_gone(cli: Cli, kind: str, identifier: str) -> None:
    """Until the emulated cloud has carried a removal out, which takes it some seconds."""
    backend = cli.emulator.backend
    while True:
        with backend.transaction() as session:
            now = backend.timeline_now(session)
            if identifier not in {doc.id for doc in session.find(kind, at=now)}:
                return


@pytest.mark.long
def test_a_full_route_table_keeps_the_nodes_that_have_a_route(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    with shell(scenario={"limits": {"routes_per_table": 1}}) as cli:
        cli("create", "demo", "--nodes", "2", "--no-verify", "--skip-preflight", "quota")
        found = causes(cli)
        assert found[0]["id"] == "route-table-full", found
        assert len(found[0]["nodes"]) == 1
        assert as_printed(cli, found[0]["commands"][0]).code == 0
        assert "route-table-full" not in ids(cli)


@pytest.mark.long
def test_an_instance_that_was_stopped_is_started_by_the_command(cli: Cli) -> None:
    node = first_node(cli)
    line = f"aliyun ecs StopInstance {REGION} --InstanceId {node['instanceId']}"
    carry_out(cli.emulator, line)
    found = causes(cli, node["instanceId"])
    assert found[0]["id"] == "instance-stopped"
    assert found[0]["nodes"] == [node["name"]]


@pytest.mark.long
def test_an_image_that_cannot_be_pulled_is_named_once(cli: Cli) -> None:
    cli.emulator.set_faults({"faults": [{"kind": "image_pull_backoff"}]})
    api = Api(cli.emulator, body_of(cli, "cluster").id)
    api.create(DEPLOYMENTS, deployment("web", replicas=3))
    while not any(pod["status"].get("containerStatuses") and "BackOff" in str(pod["status"])
                  for pod in api.get("/api/v1/namespaces/default/pods")["items"]):  # fmt: skip
        continue
    (cause,) = causes(cli)
    assert cause["id"] == "image-pull"
    assert any("ImagePullBackOff" in line for line in cause["evidence"])


@pytest.mark.long
def test_an_api_server_that_does_not_answer_is_a_cause_of_its_own(cli: Cli) -> None:
    cli.emulator.set_faults({"faults": [{"kind": "kube_unavailable", "times": 100_000}]})
    (cause,) = causes(cli)
    assert cause["id"] == "api-server-unreachable"
    assert all(as_printed(cli, command).code == 0 for command in cause["commands"])


@pytest.mark.long
def test_nodes_whose_image_the_kubelet_refuses_get_a_pool_of_a_better_one(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    with shell() as cli:
        cli.ok("create", "demo", "--nodes", "1", "--kubernetes-version", "1.35", "--no-verify")
        with cli.emulator.backend.transaction(write=True) as session:
            (pool,) = session.find("nodepool")
            pool.body["scaling_group"]["image_type"] = "AliyunLinux3"
            pool.body["scaling_group"]["image_id"] = "aliyun_3_x64_20G_alibase_20250629.vhd"
            session.put(pool)
        cli("nodepool", "scale", "demo", "gpu", "--nodes", "2")
        found = causes(cli)
        assert found[0]["id"] == "image-too-old", found
        assert any("cgroup v1" in line for line in found[0]["evidence"])
        for command in found[0]["commands"]:
            ended = as_printed(cli, command)
            assert ended.code == 0, ended.err
        assert causes(cli) == []


@pytest.mark.long
def test_the_policy_suffices_and_what_ram_denies_is_told_as_not_seen(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    fault = {"kind": "driver_failed", "node": 0}
    with shell(faults={"faults": [fault]}, enforce_ram=True) as cli:
        cli("create", "demo", "--nodes", "1", "--no-verify")
        cli("wait", "demo", "--for", "gpu", "--timeout", "10m")
        enough = generated(cli, "diagnose")
        document = cli("diagnose", "demo", "-o", "json", env=as_user_of(cli, enough)).json
        assert (document["exitCode"], document["notSeen"]) == (0, [])
        some = [action for action in enough if "Console" not in action]
        document = cli("diagnose", "demo", "-o", "json", env=as_user_of(cli, some)).json
        assert document["exitCode"] == 0
        (unseen,) = document["notSeen"]
        assert unseen["what"].startswith("console output")
        assert "RAM does not allow ecs:GetInstanceConsoleOutput" in unseen["why"]
        assert "ackgpu policy generate --for diagnose" in unseen["remedy"]
        nobody = as_user_with(cli, {"Effect": "Allow", "Action": "cs:Nothing", "Resource": "*"})
        assert cli("diagnose", "demo", env=nobody).code == 4


def untold_of(cli: Cli, actions: Iterable[str]) -> set[str]:
    """Which of the actions can be taken from a user of ``diagnose`` without a word about it."""
    enough = generated(cli, "diagnose")
    untold = set()
    for action in actions:
        some = [each for each in enough if each != action]
        ended = cli("diagnose", "demo", "-o", "json", env=as_user_of(cli, some))
        unseen = " ".join(row["why"] for row in ended.json.get("notSeen", ()))
        if action not in (unseen if ended.code == 0 else ended.err):
            untold.add(action)
    return untold


@pytest.mark.long
def test_each_action_that_is_taken_out_breaks_it_or_is_named_as_not_seen(
    shell: partial[AbstractContextManager[Cli]],
) -> None:
    fault = {"kind": "driver_failed", "node": 0}
    with shell(faults={"faults": [fault]}, enforce_ram=True) as cli:
        cli("create", "demo", "--nodes", "1", "--no-verify")
        cli("wait", "demo", "--for", "gpu", "--timeout", "10m")
        cli.emulator.set_faults({"faults": [fault, {"kind": "stock_out"}]})
        assert cli("nodepool", "scale", "demo", "gpu", "--nodes", "2").code == 8
        beside = untold_of(cli, {*generated(cli, "diagnose")} - OLD_LIST - NO_TAGS)
    with shell(faults={"faults": [NO_CLUSTER]}, enforce_ram=True) as cli:  # a network by itself
        assert cli("create", "demo", "--no-verify").code
        assert untold_of(cli, beside) == set()
