"""Node pools when the cloud misbehaves, and in clusters that are not ackgpu's."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from support.altering import Exchange, altering_proxy_to
from support.cli import Cli
from survival.machine import put_in_state

from ackgpu.emulator.shared.lifecycle import state_at
from tests.cli.machines import asked, bodies, own_instance


@pytest.fixture
def demo(cli: Cli) -> Cli:
    """A shell on an account that has a cluster ``demo`` of one node."""
    cli.ok("create", "demo", "--nodes", "1")
    return cli


@pytest.mark.long
@pytest.mark.parametrize("effect", ["lost_reply", "throttle", "reset", "html", "empty"])
def test_a_pool_is_made_once_whatever_the_cloud_answers(demo: Cli, effect: str) -> None:
    inject(demo, "CreateClusterNodePool", effect)
    words = ("nodepool", "add", "demo", "more", "--nodes", "1")
    if demo(*words).code != 0:
        demo.ok(*words)
    assert sorted(body["name"] for body in bodies(demo, "nodepool")) == ["gpu", "more"]
    assert len(demo.account()["instance"]) == 2


@pytest.mark.long
@pytest.mark.parametrize("effect", ["lost_reply", "throttle", "html"])
def test_a_size_is_set_once_whatever_the_cloud_answers(demo: Cli, effect: str) -> None:
    inject(demo, "ModifyClusterNodePool", effect)
    words = ("nodepool", "scale", "demo", "gpu", "--nodes", "3")
    if demo(*words).code != 0:
        demo.ok(*words)
    assert len(demo.account()["instance"]) == 3


SOLD = ("--nodes", "1", "--instance-type", "ecs.sgn7i-vws-m2s.xlarge")
"""A pool of a type that is still sold, so that it can be subscribed."""


@pytest.mark.long
@pytest.mark.parametrize("effect", ["lost_reply", "throttle"])
def test_a_subscription_is_paid_once_whatever_the_cloud_answers(cli: Cli, effect: str) -> None:
    cli.ok("create", "demo", *SOLD)
    demo = cli
    inject(demo, "ModifyInstanceChargeType", effect)
    demo.ok("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "-y")
    (instance,) = bodies(demo, "instance")
    assert instance["InstanceChargeType"] == "PrePaid"


@pytest.mark.long
def test_instances_are_attached_once_after_a_lost_reply(demo: Cli) -> None:
    own = own_instance(demo)
    inject(demo, "AttachInstancesToNodePool", "lost_reply")
    demo.ok("nodepool", "attach", "demo", "gpu", "--instance-id", own, "-y")
    assert asked(demo).count("AttachInstancesToNodePool") == 1


@pytest.mark.long
def test_a_pool_that_could_not_be_deleted_is_deleted_again(demo: Cli) -> None:
    demo.emulator.set_faults({"faults": [{"kind": "pool_delete_failed", "pool": "gpu"}]})
    demo.ok("nodepool", "delete", "demo", "gpu", "-y")
    assert bodies(demo, "nodepool") == []


@pytest.mark.long
def test_pools_of_a_dedicated_cluster_that_exists_are_served_by_its_id(
    demo: Cli,
) -> None:
    (cluster_id,) = demo.account()["cluster"]
    backend = demo.emulator.backend
    with backend.transaction(write=True) as session:
        for document in (*session.find("cluster"), *session.find("nodepool")):
            document.body["Tags"] = {}
            if document.kind == "cluster":
                document.body["cluster_type"] = "Kubernetes"
            else:
                document.body["scaling_group"]["tags"] = []
            session.put(document)
    assert demo("nodepool", "list", "demo").code == 6
    demo.ok("nodepool", "add", cluster_id, "ours", "--nodes", "1")
    demo.ok("nodepool", "scale", cluster_id, "ours", "--nodes", "2")
    for words in (
        ("scale", cluster_id, "gpu", "--nodes", "2"),
        ("delete", cluster_id, "gpu", "-y"),
    ):
        refused = demo("nodepool", *words)
        assert refused.code == 6
        assert "not ackgpu's" in refused.err
    assert demo("upgrade", cluster_id, "-y").code == 6
    demo.ok("nodepool", "delete", cluster_id, "ours", "-y")


def inject(cli: Cli, action: str, effect: str) -> None:
    """Let the next call of ``action`` go wrong."""
    fault: dict[str, object] = {"action": action, "effect": effect, "times": 1}
    if effect == "throttle":
        fault["retry_after_ms"] = 20
    cli.emulator.set_faults({"faults": [fault]})
    cli.emulator.requests.clear()


@pytest.mark.long
def test_a_change_that_takes_too_long_is_gone_on_with_by_the_same_command(demo: Cli) -> None:
    words = ("nodepool", "scale", "demo", "gpu", "--nodes", "3")
    with demo.at_speed(20):
        late = demo(*words, "--timeout", "60s")
    assert late.code == 7
    assert "goes on from here" in late.err
    demo.ok(*words)
    assert len(demo.account()["instance"]) == 3
    sizes = [a for a in asked(demo) if a == "ModifyClusterNodePool"]
    assert len(sizes) == 1


@pytest.mark.long
def test_a_scaling_that_somebody_cancels_is_not_waited_for(demo: Cli) -> None:
    demo.emulator.set_faults({"faults": [{"kind": "node_never_joins"}]})
    backend = demo.emulator.backend

    def cancel() -> None:
        while "ModifyClusterNodePool" not in asked(demo):
            continue
        with backend.transaction(write=True) as session:
            now = backend.timeline_now(session)
            task = max(session.find("task", at=now), key=lambda doc: doc.created_at)
            (pool,) = session.find("nodepool", at=now)
            task.body["phases"] = [[task.created_at, "canceled"]]
            pool.body["phases"] = [[pool.created_at, "active"]]
            session.put(task)
            session.put(pool)

    somebody = threading.Thread(target=cancel)
    somebody.start()
    ended = demo("nodepool", "scale", "demo", "gpu", "--nodes", "2")
    somebody.join()
    assert ended.code == 11, ended.err


@pytest.mark.long
def test_what_was_cut_off_and_failed_since_is_asked_for_anew(demo: Cli) -> None:
    demo.emulator.set_faults({"faults": [{"kind": "stock_out", "announced": False}]})
    words = ("nodepool", "scale", "demo", "gpu", "--nodes", "3")
    with demo.at_speed(8):
        assert demo(*words, "--timeout", "20s").code == 7
    backend, state = demo.emulator.backend, ""
    while state != "fail":
        with backend.transaction() as session:
            now = backend.timeline_now(session)
            task = max(session.find("task", at=now), key=lambda doc: doc.created_at)
            state = state_at(task.body["phases"], now)
    demo.emulator.set_faults(None)
    demo.ok(*words)
    assert len(demo.account()["instance"]) == 3


@pytest.mark.long
def test_a_scaling_takes_no_nodes_that_somebody_else_asked_for_meanwhile(demo: Cli) -> None:
    """Nobody was asked whether nodes may go: more was wanted than stood at that time."""
    elsewhere = {**demo.env, "HOME": f"{demo.home}/b", "ACKGPU_STATE_DIR": f"{demo.home}/b/state"}
    theirs = ("nodepool", "scale", "demo", "gpu", "--nodes", "4", "--no-wait")
    once = iter([theirs])

    def strike(exchange: Exchange) -> bytes:
        if exchange.action == "DescribeClusterNodePools":
            for line in once:
                program = [sys.executable, "-m", "ackgpu", *line]
                subprocess.run(program, env=elsewhere, capture_output=True, check=True)
        return exchange.content

    with altering_proxy_to(demo.emulator.endpoint) as proxy:
        proxy.alter = strike
        through = {"ACKGPU_ENDPOINT_URL": proxy.url}
        ours = demo("nodepool", "scale", "demo", "gpu", "--nodes", "2", env=through)
    assert ours.code == 6, ours.err
    assert "Somebody else set the node pool gpu to 4 nodes" in ours.err
    demo.ok("wait", "demo", "--for", "nodes")
    assert len(demo.account()["instance"]) == 4


@pytest.mark.long
def test_no_wait_ends_once_the_change_was_asked_for(demo: Cli) -> None:
    demo.ok("nodepool", "scale", "demo", "gpu", "--nodes", "4", "--no-wait")
    demo.ok("nodepool", "scale", "demo", "gpu", "--nodes", "2", "-y", "--no-wait")
    sizes = [entry for entry in asked(demo) if entry == "ModifyClusterNodePool"]
    assert len(sizes) == 2
    demo.ok(
        "nodepool", "add", "demo", "more", "--nodes", "1", "--min", "1", "--max", "3", "--no-wait"
    )
    demo.ok("wait", "demo", "--for", "nodes")
    pools = demo.ok("nodepool", "list", "demo", "-o", "json").json["nodePools"]
    assert {pool["name"]: pool["autoScaling"] for pool in pools}["more"]


@pytest.mark.long
def test_a_pool_of_a_busy_cluster_is_removed_once_that_is_free(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--kubernetes-version", "1.34", "--no-verify")
    cli.ok("upgrade", "demo", "-y", "--no-wait")
    assert "gpu" in cli.ok("nodepool", "delete", "demo", "gpu", "--dry-run").out
    cli.ok("nodepool", "delete", "demo", "gpu", "-y")
    assert bodies(cli, "nodepool") == []


@pytest.mark.long
@pytest.mark.parametrize(("kind", "state"), [("cluster", "deleting"), ("nodepool", "deleting")])
def test_nothing_is_bought_for_what_is_on_its_way_out(demo: Cli, kind: str, state: str) -> None:
    put_in_state(demo.emulator, kind, state)
    refused = demo("nodepool", "convert-billing", "demo", "gpu", "--period", "12", "-y")
    assert refused.code == 6
    assert f"is {state}" in refused.err
    assert "ModifyInstanceChargeType" not in asked(demo)


@pytest.mark.long
def test_a_subscription_that_was_converted_stays_after_a_scale_in(cli: Cli) -> None:
    cli.ok("create", "demo", *SOLD)
    (own,) = cli.account()["instance"]
    cli.ok("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "-y")
    ended = cli("nodepool", "scale", "demo", "gpu", "--nodes", "0", "-y")
    assert ended.code == 10
    assert f"{own}: a subscription" in ended.err


@pytest.mark.long
def test_a_pool_that_is_removed_during_its_scaling_is_a_conflict(demo: Cli) -> None:
    demo.emulator.set_faults({"faults": [{"kind": "node_never_joins"}]})

    def remove() -> None:
        while "ModifyClusterNodePool" not in asked(demo):
            continue
        with demo.emulator.backend.transaction(write=True) as session:
            (pool,) = session.find("nodepool")
            session.remove("nodepool", pool.id)

    somebody = threading.Thread(target=remove)
    somebody.start()
    ended = demo("nodepool", "scale", "demo", "gpu", "--nodes", "2")
    somebody.join()
    assert ended.code == 6, ended.err
    assert "somebody else removed it" in ended.err


def test_behind_a_private_endpoint_it_says_from_where_to_verify(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-public-endpoint")
    scaled = cli.ok("nodepool", "scale", "demo", "gpu", "--nodes", "2")
    assert "ackgpu verify demo --private" in scaled.err
