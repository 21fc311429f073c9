"""A cluster without its nodes overnight, and exactly as it was after it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from support.cli import Cli, Ended

from ackgpu.cloud.api import AutoScaling
from ackgpu.errors import ConflictError
from ackgpu.steps.sleep_record import MAX_TAGS, PoolSize, from_tags, to_tags
from tests.cli.machines import asked, bodies, own_instance

LONG = ("--timeout", "24h")
HEAD = "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\n"
SPEC = f"""{HEAD}
metadata: {{name: demo, region: cn-hangzhou}}
network: {{vswitches: [{{zone: cn-hangzhou-k}}]}}
nodePools:
- {{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 2}}
- name: self
  instanceTypes: [ecs.vgn5i-m2.xlarge]
  desiredSize: 1
  autoScaling: {{enable: true, min: 1, max: 4, type: gpu}}
"""


@pytest.fixture
def pair(cli: Cli) -> Cli:
    """A cluster of two pools, one of which scales itself."""
    path = cli.home / "cluster.yaml"
    path.write_text(SPEC)
    cli.ok("create", "-f", str(path), "--no-verify", *LONG)
    cli.emulator.requests.clear()
    return cli


def pools_of(cli: Cli) -> dict[str, dict[str, Any]]:
    rows = cli.ok("nodepool", "list", "demo", "-o", "json").json["nodePools"]
    return {row["name"]: row for row in rows}


def tags_of(cli: Cli) -> dict[str, str]:
    [cluster] = bodies(cli, "cluster")
    return {key: value for key, value in cluster["Tags"].items() if "asleep" in key}


@pytest.mark.long
def test_what_goes_on_costing_has_none_of_the_nodes_that_are_released(cli: Cli) -> None:
    """They are on their way out for a while: as fast as the clock runs, they are seen."""
    cli.ok("create", "demo", "--no-verify", *LONG)
    with cli.at_speed(60):
        told = cli.ok("sleep", "demo", "-y", "-o", "json", *LONG).json
    assert not [kind for kind in told["goesOnCosting"] if "instance" in kind]
    assert told["hourly"]["unpriced"] == []


@pytest.mark.long
def test_it_goes_back_to_exactly_what_it_had(pair: Cli) -> None:
    before, pools = pair.ok("export", "spec", "demo").out, pools_of(pair)
    pair.ok("sleep", "demo", "-y", *LONG)
    assert "instance" not in pair.account()
    woken = pair.ok("wake", "demo", "-o", "json", *LONG).json
    assert woken["asleep"] is False
    assert pools_of(pair) == pools
    assert tags_of(pair) == {}
    assert pair.ok("export", "spec", "demo").out == before
    assert (
        pair.ok("create", "-f", str(pair.home / "cluster.yaml"), *LONG, "-o", "json").json[
            "changed"
        ]
        is False
    )


@pytest.mark.long
def test_the_sizes_are_kept_before_anything_is_scaled(pair: Cli) -> None:
    pair.ok("sleep", "demo", "-y", *LONG)
    assert asked(pair)[0] == "TagResources"
    assert tags_of(pair) == {"ackgpu:asleep-1": "1:gpu=2/self=1@1-4.gpu"}


@pytest.mark.long
def test_it_says_what_it_released_and_what_goes_on_costing(pair: Cli) -> None:
    document = pair.ok("sleep", "demo", "-y", "-o", "json", *LONG).json
    assert document["asleep"] is True
    pools = {row["name"]: row for row in document["nodePools"]}
    assert [pools["gpu"]["nodes"], pools["gpu"]["nodesAwake"]] == [0, 2]
    assert [pools["self"]["nodesAwake"], pools["self"]["bounds"]] == [1, "1 to 4"]
    assert "1 NAT gateway" in document["goesOnCosting"]
    assert document["hourly"]["amount"] == pytest.approx(0.93)
    assert "goes on costing" in pair.ok("sleep", "demo", "-y", *LONG).out


@pytest.mark.long
def test_twice_is_as_once(pair: Cli) -> None:
    pair.ok("sleep", "demo", "-y", *LONG)
    tags = tags_of(pair)
    pair.emulator.requests.clear()
    pair.ok("sleep", "demo", "-y", *LONG)
    assert asked(pair) == []
    assert tags_of(pair) == tags
    pair.ok("wake", "demo", *LONG)
    pair.emulator.requests.clear()
    pair.ok("wake", "demo", *LONG)
    assert asked(pair) == []


@pytest.mark.long
def test_every_command_knows_that_it_sleeps(pair: Cli) -> None:
    before = pair.ok("export", "spec", "demo").out
    pair.ok("sleep", "demo", "-y", *LONG)
    [row] = pair.ok("list", "-o", "json").json["clusters"]
    assert row["asleep"] is True
    assert "running, asleep" in pair.ok("list").out
    assert "running, asleep" in pair.ok("describe", "demo").out
    exported = pair.ok("export", "spec", "demo")
    assert exported.out == before
    assert "It sleeps" in exported.err
    refused = pair("create", "-f", str(pair.home / "cluster.yaml"), *LONG)
    assert refused.code == 6
    assert "`ackgpu wake demo --region cn-hangzhou`" in refused.err
    assert pair("plan", "-f", str(pair.home / "cluster.yaml")).code == 6
    for look in ("verify", "run-sample"):
        empty = pair(look, "demo")
        assert empty.code == 9
        assert "It sleeps: `ackgpu wake demo`" in empty.err


@pytest.mark.long
def test_gc_says_so_and_delete_deletes_it(pair: Cli) -> None:
    pair.ok("sleep", "demo", "-y", *LONG)
    found = pair.ok("gc", "--older-than", "1s", "-o", "json").json["found"]
    assert {row["reason"] for row in found} == {"older than 1s, asleep"}
    assert pair.ok("gc", "--expired", "-o", "json").json["found"] == []
    pair.ok("delete", "demo", "-y", *LONG)
    assert pair.account() == {}


@pytest.mark.long
def test_without_stock_it_ends_in_8_and_can_be_repeated(pair: Cli) -> None:
    pair.ok("sleep", "demo", "-y", *LONG)
    tags = tags_of(pair)
    pair.emulator.set_faults({"faults": [{"kind": "stock_out", "announced": False}]})
    ended = pair("wake", "demo", *LONG)
    assert ended.code == 8, ended.err
    assert tags_of(pair) == tags
    pair.emulator.set_faults({"faults": []})
    pair.ok("wake", "demo", *LONG)
    assert pools_of(pair)["gpu"]["healthy"] == 2


@pytest.mark.long
def test_a_pool_with_an_attached_instance_stays_whole(pair: Cli) -> None:
    instance = own_instance(pair)
    pair.ok("nodepool", "attach", "demo", "gpu", "--instance-id", instance, "-y", *LONG)
    document = pair.ok("sleep", "demo", "-y", "-o", "json", *LONG).json
    pools = {row["name"]: row for row in document["nodePools"]}
    assert pools["gpu"]["nodes"] == 3
    assert f"{instance}: attached by hand" in pools["gpu"]["stays"]
    assert pools["self"]["nodes"] == 0
    pair.ok("wake", "demo", *LONG)
    assert pools_of(pair)["gpu"]["total"] == 3


@pytest.mark.long
def test_a_cluster_of_which_nothing_can_sleep_is_left_alone(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify", "--nodes", "1", *LONG)
    instance = own_instance(cli)
    cli.ok("nodepool", "attach", "demo", "gpu", "--instance-id", instance, "-y", *LONG)
    cli.emulator.requests.clear()
    ended = cli("sleep", "demo", "-y", *LONG)
    assert ended.code == 6
    assert instance in ended.err
    assert asked(cli) == []


@pytest.mark.long
def test_a_pool_that_was_deleted_meanwhile_is_told(pair: Cli) -> None:
    pair.ok("sleep", "demo", "-y", *LONG)
    pair.ok("nodepool", "delete", "demo", "self", "-y", *LONG)
    woken = pair.ok("wake", "demo", *LONG)
    assert "The node pool self is gone" in woken.err
    assert pools_of(pair)["gpu"]["healthy"] == 2


@pytest.mark.long
def test_a_pool_that_sleeps_gets_no_nodes_that_wake_would_take_away(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", *LONG)
    cli.ok("sleep", "demo", "-y", *LONG)
    cli.emulator.requests.clear()
    for words in (
        ("scale", "demo", "gpu", "--nodes", "3", "-y"),
        ("add", "demo", "more", "--nodes", "1"),
        ("attach", "demo", "gpu", "--instance-id", "i-bp1aaaaaaaaaaaaaaaaa", "-y"),
    ):
        refused = cli("nodepool", *words, *LONG)
        assert refused.code == 6
        assert "`ackgpu wake demo`" in refused.err
    assert asked(cli) == []


@pytest.mark.long
def test_changed_tags_are_refused_and_not_guessed_at(pair: Cli) -> None:
    pair.ok("sleep", "demo", "-y", *LONG)
    backend = pair.emulator.backend
    with backend.transaction(write=True) as session:
        [cluster] = session.find("cluster")
        cluster.body["Tags"]["ackgpu:asleep-1"] = "2:gpu=2"
        session.put(cluster)
    for command in ("wake", "sleep"):
        ended = pair(command, "demo", *LONG)
        assert ended.code == 6
        assert "do not say what the cluster had" in ended.err


def test_what_is_not_there_cannot_sleep(cli: Cli) -> None:
    assert cli("sleep", "demo", "-y").code == 5
    assert cli("wake", "demo").code == 5


@pytest.mark.long
def test_without_a_yes_nothing_is_released(pair: Cli) -> None:
    ended = pair("sleep", "demo", *LONG)
    assert ended.code == 2
    assert "--yes" in ended.err
    assert asked(pair) == []


def jobs(cli: Cli, kind: str, *more: str) -> Ended:
    return cli.ok("sleep", "demo", "--at", "20:00", "--until", "7:30", "--print-schedule", kind)


@pytest.mark.parametrize("kind", ["cron", "github", "kubernetes"])
def test_the_printed_jobs_name_both_commands_and_touch_nothing(cli: Cli, kind: str) -> None:
    text = jobs(cli, kind).out
    assert re.findall(r"ackgpu (?:sleep|wake) demo --region cn-hangzhou", text)
    assert "0 20 * * 1-5" in text
    assert "30 7 * * 1-5" in text
    assert list(cli.emulator.requests) == []
    if kind != "cron":
        assert list(YAML(typ="safe", pure=True).load_all(text))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--at", "25:00"), "HH:MM"),
        (("--until", "08:00"), "--at"),
        (("--at", "8:00", "--until", "08:00"), "the same time"),
        (("--at", "20:00", "--print-schedule", "systemd"), "One of: cron, github, kubernetes"),
    ],
)
def test_a_schedule_that_is_none_is_refused(cli: Cli, flags: tuple[str, ...], said: str) -> None:
    ended = cli("sleep", "demo", *flags)
    assert ended.code == 2
    assert said in ended.err


BOUNDS = st.builds(
    AutoScaling,
    enabled=st.just(value=True),
    least=st.integers(0, 2000),
    most=st.integers(0, 2000),
    kind=st.sampled_from(["", "gpu", "cpu", "gpushare", "spot"]),
)
SIZES = st.builds(
    PoolSize,
    pool=st.from_regex(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff-]{0,62}", fullmatch=True),
    nodes=st.integers(0, 2000),
    bounds=st.just(AutoScaling()) | BOUNDS,
)


@pytest.mark.long
@given(st.lists(SIZES, min_size=1, max_size=12))
def test_what_the_tags_record_is_read_back_or_refused_before(sizes: list[PoolSize]) -> None:
    try:
        tags = to_tags(sizes)
    except ConflictError:
        longest = sum(len(size.pool) + len("=2000@2000-2000.gpushare/") for size in sizes)
        assert longest > 510
        return
    assert len(tags) <= MAX_TAGS
    assert all(len(key) <= 64 and 0 < len(value) <= 128 for key, value in tags.items())
    assert from_tags(tags) == tuple(sizes)


@pytest.mark.long
def test_sizes_beyond_four_tags_are_refused_before_anything_changes(cli: Cli) -> None:
    names = [f"{letter * 60}" for letter in "abcdefghi"]
    pools = "".join(
        f"- {{name: {name}, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 0}}\n"
        for name in names
    )
    path = Path(cli.home) / "many.yaml"
    path.write_text(
        f"{HEAD}metadata: {{name: demo, region: cn-hangzhou}}\n"
        f"network: {{vswitches: [{{zone: cn-hangzhou-k}}]}}\nnodePools:\n{pools}"
    )
    cli.ok("create", "-f", str(path), "--no-verify", *LONG)
    cli.emulator.requests.clear()
    ended = cli("sleep", "demo", "-y", *LONG)
    assert ended.code == 6
    assert "the tags that keep them hold 510" in ended.err
    assert asked(cli) == []
