"""Node pools when the cloud misbehaves, and in clusters that are not ackgpu's."""

from __future__ import annotations

import pytest
from support.cli import Cli

from tests.cli.machines import asked, bodies, own_instance


@pytest.fixture
def demo(cli: Cli) -> Cli:
    """A shell on an account that has a cluster ``demo`` of one node."""
    cli.ok("create", "demo", "--nodes", "1")
    return cli


@pytest.mark.parametrize("effect", ["lost_reply", "throttle", "reset", "html", "empty"])
def test_a_pool_is_made_once_whatever_the_cloud_answers(demo: Cli, effect: str) -> None:
    inject(demo, "CreateClusterNodePool", effect)
    words = ("nodepool", "add", "demo", "more", "--nodes", "1")
    if demo(*words).code != 0:
        demo.ok(*words)
    assert sorted(body["name"] for body in bodies(demo, "nodepool")) == ["gpu", "more"]
    assert len(demo.account()["instance"]) == 2


@pytest.mark.parametrize("effect", ["lost_reply", "throttle", "html"])
def test_a_size_is_set_once_whatever_the_cloud_answers(demo: Cli, effect: str) -> None:
    inject(demo, "ModifyClusterNodePool", effect)
    words = ("nodepool", "scale", "demo", "gpu", "--nodes", "3")
    if demo(*words).code != 0:
        demo.ok(*words)
    assert len(demo.account()["instance"]) == 3


@pytest.mark.parametrize("effect", ["lost_reply", "throttle"])
def test_a_subscription_is_paid_once_whatever_the_cloud_answers(demo: Cli, effect: str) -> None:
    inject(demo, "ModifyInstanceChargeType", effect)
    demo.ok("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "-y")
    (instance,) = bodies(demo, "instance")
    assert instance["InstanceChargeType"] == "PrePaid"


def test_instances_are_attached_once_after_a_lost_reply(demo: Cli) -> None:
    own = own_instance(demo)
    inject(demo, "AttachInstancesToNodePool", "lost_reply")
    demo.ok("nodepool", "attach", "demo", "gpu", "--instance-id", own, "-y")
    assert asked(demo).count("AttachInstancesToNodePool") == 1


def test_a_pool_that_could_not_be_deleted_is_deleted_again(demo: Cli) -> None:
    demo.emulator.set_faults({"faults": [{"kind": "pool_delete_failed", "pool": "gpu"}]})
    demo.ok("nodepool", "delete", "demo", "gpu", "-y")
    assert bodies(demo, "nodepool") == []


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


def test_a_change_that_takes_too_long_is_gone_on_with_by_the_same_command(demo: Cli) -> None:
    words = ("nodepool", "scale", "demo", "gpu", "--nodes", "3")
    with demo.at_speed(60):
        late = demo(*words, "--timeout", "60s")
    assert late.code == 7
    assert "goes on from here" in late.err
    demo.ok(*words)
    assert len(demo.account()["instance"]) == 3
    sizes = [a for a in asked(demo) if a == "ModifyClusterNodePool"]
    assert len(sizes) == 1


def test_a_scaling_that_somebody_cancelled_is_not_waited_for(demo: Cli) -> None:
    demo.emulator.set_faults({"faults": [{"kind": "node_never_joins"}]})
    words = ("nodepool", "scale", "demo", "gpu", "--nodes", "2")
    with demo.at_speed(60):
        assert demo(*words, "--timeout", "60s").code == 7
    backend = demo.emulator.backend
    with backend.transaction(write=True) as session:
        now = backend.timeline_now(session)
        task = max(session.find("task", at=now), key=lambda doc: doc.born)
        (pool,) = session.find("nodepool", at=now)
        task.body["phases"], pool.body["phases"] = [[task.born, "canceled"]], [[now, "active"]]
        session.put(task)
        session.put(pool)
    ended = demo(*words)
    assert ended.code == 11, ended.err


def test_behind_a_private_endpoint_it_says_from_where_to_verify(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-public-endpoint")
    scaled = cli.ok("nodepool", "scale", "demo", "gpu", "--nodes", "2")
    assert "ackgpu verify demo --private" in scaled.err
