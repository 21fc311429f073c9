"""The ladder itself: a node's facts in, a verdict out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackgpu.cloud.api import KubeNode, KubePod
from ackgpu.spec import catalog
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.gpu_checks import LEVELS, NodeCheck, judge
from ackgpu.steps.quantities import amount, whole

NAME, MEM, COUNT = (f"aliyun.accelerator/nvidia_{word}" for word in ("name", "mem", "count"))
TYPE = "node.kubernetes.io/instance-type"
GOOD = {TYPE: "ecs.vgn5i-m2.xlarge", NAME: "GRID-P4-2Q", MEM: "2048MiB", COUNT: "1"}


def node(labels: dict[str, str] | None = None, **facts: Any) -> KubeNode:
    offer = {"nvidia.com/gpu": "1"}
    known = {"ready": True, "capacity": offer, "allocatable": offer, **facts}
    return KubeNode(name="n", labels=GOOD if labels is None else labels, **known)


def plugin(**facts: Any) -> dict[str, KubePod]:
    known = {"phase": "Running", "ready": True, "labels": {}, **facts}
    return {"n": KubePod(name="plugin-x", namespace="kube-system", node="n", **known)}


def verdicts(*arguments: Any, **more: Any) -> dict[str, str]:
    return {rung.name: rung.verdict for rung in judge(*arguments, **more).rungs}


def test_the_documented_node_passes() -> None:
    verdict = judge(node(), ExpectSpec())
    assert verdict.ok
    assert verdict.gpu == "1/1"


@pytest.mark.parametrize("type_id", [each.id for each in catalog.gpu_types()])
def test_every_known_type_accepts_its_own_labels(type_id: str) -> None:
    labels = catalog.expected_labels(type_id)
    assert labels is not None
    shown = {NAME: labels.nvidia_name or "any", MEM: labels.nvidia_mem, COUNT: labels.nvidia_count}
    assert judge(node({**shown, TYPE: type_id}), ExpectSpec()).ok


def test_a_driver_that_keeps_some_memory_for_itself_is_tolerated() -> None:
    assert judge(node({**GOOD, MEM: "1889MiB"}), ExpectSpec()).ok
    assert not judge(node({**GOOD, MEM: "1024MiB"}), ExpectSpec()).ok


def test_a_name_that_was_only_derived_is_a_warning() -> None:
    labels = {**GOOD, TYPE: "ecs.vgn5i-m4.2xlarge", NAME: "GRID-P4-4C", MEM: "4096MiB"}
    verdict = judge(node(labels), ExpectSpec())
    assert verdict.ok
    assert "GRID-P4-4Q was expected" in verdict.warnings[0]


@pytest.mark.parametrize(
    ("expect", "verdict"),
    [
        (ExpectSpec(mem_mib=">=1900"), "passed"),
        (ExpectSpec(mem_mib="2048"), "passed"),
        (ExpectSpec(mem_mib=">2048"), "failed"),
        (ExpectSpec(mem_mib="<2048"), "failed"),
        (ExpectSpec(name="GRID-T4-4Q"), "failed"),
        (ExpectSpec(count=2), "failed"),
    ],
)
def test_a_spec_may_expect_something_else(expect: ExpectSpec, verdict: str) -> None:
    assert verdicts(node(), expect)["values"] == verdict


def test_what_a_spec_expects_of_its_slices_is_not_asked_of_whole_gpus() -> None:
    labels = {TYPE: "ecs.gn6i-c4g1.xlarge", NAME: "Tesla-T4", MEM: "15109MiB", COUNT: "1"}
    assert judge(node(labels), ExpectSpec(name="GRID-P4-2Q", mem_mib="2048")).ok


def test_a_node_with_two_whole_gpus_must_offer_both() -> None:
    labels = {TYPE: "ecs.gn9x-two.large", NAME: "NVIDIA-X", MEM: "46068MiB", COUNT: "2"}
    both = {"nvidia.com/gpu": "2"}
    assert judge(node(labels, capacity=both, allocatable=both), ExpectSpec()).ok
    failed = judge(node(labels), ExpectSpec(), plugins=plugin()).failure
    assert failed is not None
    assert failed == NodeCheck(
        "gpu", "failed", "capacity nvidia.com/gpu is 1, 2 expected", failed.remedy,
        by_name="`ackgpu node replace NAME n` replaces it", by_driver=True,
    )  # fmt: skip


def test_a_gpu_that_is_offered_proves_the_plugin_without_reading_pods() -> None:
    assert verdicts(node(), ExpectSpec())["plugin"] == "passed"


NOTHING: dict[str, str] = {}
PLUGINS: dict[str, tuple[Any, str, str]] = {
    "not read": (None, "unknown", "could not be read"),
    "none": ({}, "failed", "no device plugin"),
    "crashing": (plugin(ready=False, reason="CrashLoopBackOff", message="back-off 40s"), "failed",
                 "CrashLoopBackOff: back-off 40s"),
}  # fmt: skip


@pytest.mark.parametrize("state", PLUGINS)
def test_without_a_gpu_the_plugins_pod_tells_why(state: str) -> None:
    plugins, verdict, words = PLUGINS[state]
    found = judge(node(capacity=NOTHING, allocatable=NOTHING), ExpectSpec(), plugins=plugins)
    assert found.failure is not None
    assert (found.failure.name, found.failure.verdict) == ("plugin", verdict)
    assert words in found.failure.message


def test_a_plugin_that_runs_and_offers_nothing_is_the_gpus_fault() -> None:
    found = judge(node(allocatable={"nvidia.com/gpu": "0"}), ExpectSpec(), plugins=plugin())
    assert found.failure is not None
    assert found.failure.name == "gpu"
    assert "allocatable nvidia.com/gpu is 0" in found.failure.message


@given(
    ready=st.booleans(),
    labels=st.dictionaries(
        st.sampled_from([NAME, MEM, COUNT, TYPE, "ack.node.gpu.schedule"]),
        st.sampled_from(["", "1", "2048MiB", "GRID-P4-2Q", "share", "ecs.gn6i-c4g1.xlarge",
                         "ecs.vgn5i-m2.xlarge", "-1", "٣"]),
    ),
    capacity=st.dictionaries(
        st.sampled_from(["nvidia.com/gpu", "aliyun.com/gpu-mem"]),
        st.sampled_from(["0", "1", "2", "1k", ""]),
    ),
    level=st.sampled_from(["labels", "allocatable"]),
)  # fmt: skip
def test_whatever_a_node_says_one_rung_stops_the_climb_and_those_above_are_skipped(
    *, ready: bool, labels: dict[str, str], capacity: dict[str, str], level: str
) -> None:
    found = judge(node(labels, ready=ready, capacity=capacity), ExpectSpec(), level, {})
    assert tuple(rung.name for rung in found.rungs) == LEVELS[level]
    words = [rung.verdict for rung in found.rungs]
    climbed = words.index("failed") if "failed" in words else len(words)
    assert set(words[:climbed]) <= {"passed"}
    assert set(words[climbed + 1 :]) <= {"skipped"}
    assert found.ok == ("failed" not in words)


def test_a_node_that_offers_some_of_its_gpus_has_a_plugin() -> None:
    labels = {TYPE: "ecs.gn6i-c24g1.12xlarge", NAME: "Tesla-T4", MEM: "15109MiB", COUNT: "2"}
    two, one = {"nvidia.com/gpu": "2"}, {"nvidia.com/gpu": "1"}
    verdict = judge(KubeNode("n", True, labels, two, one), ExpectSpec(), plugins={})  # noqa: FBT003
    assert verdict.gpu == "1/2"
    assert verdict.failure is not None
    assert verdict.failure.name == "gpu"
    assert verdict.failure.message == "allocatable nvidia.com/gpu is 1, 2 expected"


def test_memory_that_the_api_server_writes_as_a_quantity_is_read_as_one() -> None:
    labels = {**GOOD, "ack.node.gpu.schedule": "share"}
    offered = {"aliyun.com/gpu-mem": "8k"}
    verdict = judge(KubeNode("n", True, labels, offered, offered), ExpectSpec())  # noqa: FBT003
    assert verdict.ok
    assert verdict.gpu == "8000/8000"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("8", 8), ("+2", 2), ("8k", 8000), ("1Ki", 1024), ("1.5Gi", 1610612736),
        ("2M", 2_000_000), ("1e3", 1000), ("2E3", 2000), ("3E", 3 * 10**18), ("1Ei", 2**60),
        ("100m", 0), ("1900m", 1), (".5k", 500), ("5.", 5), ("1u", 0), ("1n", 0),
    ],
)  # fmt: skip
def test_quantities_are_read_as_kubernetes_writes_them(text: str, number: int) -> None:
    assert whole(text) == number


@pytest.mark.parametrize("text", ["", "k", "1K", "1ki", "one", "1 2", "0x1", "1e", "--1"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        amount(text)
    assert whole(text) == 0


ELSEWHERE = {TYPE: "p3.2xlarge", NAME: "Tesla-V100", MEM: "16160MiB", COUNT: "1"}
"""The labels of a node of another cloud, with ACK's put on by somebody."""


@pytest.mark.parametrize(
    "changes",
    [
        {"ready": False},
        {"labels": {TYPE: "p3.2xlarge"}},
        {"labels": {**ELSEWHERE, COUNT: "7"}},
        {"capacity": {}, "allocatable": {}},
        {"unschedulable": True},
    ],
    ids=["not ready", "no labels", "wrong labels", "no plugin", "cordoned"],
)
def test_remedies_elsewhere_do_not_talk_of_ack(changes: dict[str, Any]) -> None:
    one = {"nvidia.com/gpu": "1"}
    facts = {"name": "n", "ready": True, "labels": ELSEWHERE, "capacity": one, "allocatable": one}
    verdict = judge(KubeNode(**{**facts, **changes}), ExpectSpec(), plugins={})
    assert verdict.failure is not None
    assert verdict.failure.remedy
    assert verdict.failure.by_name == ""
    for word in ("ACK", "ackgpu", "ack-", "ack.", "aliyun"):
        assert word not in verdict.failure.remedy.replace("aliyun.accelerator", "")
