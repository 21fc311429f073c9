"""``verify`` against an emulated cluster: each rung, its fault, its remedy."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from gpu.lab import Lab

RUNGS = ["ready", "labels", "values", "plugin", "gpu", "driver", "cuda"]
MEM = "aliyun.accelerator/nvidia_mem"
LABELS = {
    "aliyun.accelerator/nvidia_name": "GRID-P4-2Q",
    MEM: "2048MiB",
    "aliyun.accelerator/nvidia_count": "1",
}


@pytest.mark.long
def test_two_good_nodes_are_verified_up_to_a_cuda_program_that_ran(lab: Lab) -> None:
    ended, nodes = lab.rungs("--level", "cuda")
    assert ended.code == 0, ended.err
    for rungs in nodes:
        assert list(rungs) == RUNGS
        assert {rung["verdict"] for rung in rungs.values()} == {"passed"}
    samples = [node["sample"] for node in ended.json["nodes"]]
    assert {sample["gpu"] for sample in samples} == {"GRID P4-2Q"}
    assert {sample["memory"] for sample in samples} == {"2048 MiB"}
    assert {sample["driver"] for sample in samples} == {"470.256.03"}
    assert all("Test PASSED" in sample["output"] for sample in samples)


@pytest.mark.long
def test_verification_leaves_nothing_in_the_cluster(lab: Lab) -> None:
    assert lab.verify("--level", "cuda").code == 0
    assert lab.deployments() == []


@pytest.mark.parametrize(
    ("level", "rungs"),
    [("labels", RUNGS[:3]), ("allocatable", RUNGS[:5]), ("cuda", RUNGS)],
)
def test_the_level_says_how_far_the_ladder_is_climbed(
    lab: Lab, level: str, rungs: list[str]
) -> None:
    ended, _ = lab.rungs("--level", level)
    assert ended.json["rungs"] == rungs


STATES: dict[str, tuple[dict[str, Any], str, str]] = {
    "not ready": ({"t_ready": None, "t_gpu": None}, "ready", "KubeletNotReady"),
    "never showed its GPU": ({"t_gpu": None}, "labels", "nvidia_name"),
    "one label missing": (
        {"gpu_labels": {k: v for k, v in LABELS.items() if k != MEM}}, "labels", MEM,
    ),
    "another slice": ({"gpu_labels": {**LABELS, MEM: "1024MiB"}}, "values", "1024MiB"),
    "two devices": (
        {"gpu_labels": {**LABELS, "aliyun.accelerator/nvidia_count": "2"}}, "values", "count",
    ),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("state", STATES)
def test_the_lowest_failing_rung_is_named_with_a_remedy(lab: Lab, state: str) -> None:
    body, rung, word = STATES[state]
    lab.add_node(**body)
    ended, nodes = lab.rungs("--level", "cuda")
    assert ended.code == 9
    broken = nodes[2]
    assert broken[rung]["verdict"] == "failed"
    assert word in broken[rung]["message"]
    assert broken[rung]["remedy"]
    below, above = RUNGS[: RUNGS.index(rung)], RUNGS[RUNGS.index(rung) + 1 :]
    assert {broken[name]["verdict"] for name in below} <= {"passed"}
    assert {broken[name]["verdict"] for name in above} == {"skipped"}
    assert {rung["verdict"] for rungs in nodes[:2] for rung in rungs.values()} == {"passed"}


FAULTS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "plugin_down": ({}, "plugin", "failed", "CrashLoopBackOff"),
    "gpu_allocatable": ({"value": 0}, "gpu", "failed", "allocatable nvidia.com/gpu is 0"),
    "driver_mismatch": ({}, "driver", "failed", "version mismatch"),
    "unlicensed": ({}, "driver", "failed", "licence"),
    "sample_wrong_result": ({}, "cuda", "failed", "verification failed"),
    "image_pull_backoff": ({}, "driver", "unknown", "cannot be pulled"),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_stops_at_its_own_rung(lab: Lab, kind: str) -> None:
    more, rung, verdict, words = FAULTS[kind]
    lab.faults({"kind": kind, "node": lab.nodes[0], **more})
    ended, (broken, good) = lab.rungs("--level", "cuda")
    assert ended.code == 9
    assert broken[rung]["verdict"] == verdict
    assert words in broken[rung]["message"]
    assert broken[rung]["remedy"]
    assert {rung["verdict"] for rung in good.values()} == {"passed"}
    assert lab.deployments() == []


@pytest.mark.long
def test_an_image_that_cannot_be_pulled_is_not_called_a_broken_gpu(lab: Lab) -> None:
    lab.faults({"kind": "image_pull_backoff", "node": lab.nodes[0]})
    _, (broken, _) = lab.rungs("--level", "cuda")
    assert broken["cuda"]["verdict"] == "skipped"
    assert "says nothing of the GPU" in broken["driver"]["remedy"]
    assert "--image" in broken["driver"]["remedy"]


@pytest.mark.long
def test_a_gpu_that_another_pod_holds_is_not_called_broken(lab: Lab) -> None:
    container = {"name": "c", "image": "busybox", "command": ["sleep", "infinity"],
                 "resources": {"limits": {"nvidia.com/gpu": "1"}}}  # fmt: skip
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "busy"},
           "spec": {"nodeName": lab.nodes[0], "containers": [container]}}  # fmt: skip
    assert lab.api("POST", "/api/v1/namespaces/default/pods", pod).status == 201
    ended, (held, free) = lab.rungs("--level", "cuda")
    assert ended.code == 9
    assert held["driver"]["verdict"] == "unknown"
    assert "Insufficient nvidia.com/gpu" in held["driver"]["message"]
    assert free["cuda"]["verdict"] == "passed"


def test_whole_gpus_are_judged_by_their_own_type(lab: Lab) -> None:
    labels = {"aliyun.accelerator/nvidia_name": "Tesla-T4", MEM: "15109MiB",
              "aliyun.accelerator/nvidia_count": "1"}  # fmt: skip
    kind = "ecs.gn6i-c4g1.xlarge"
    gpu = {"name": "Tesla T4", "memory_mib": 15109, "count": 1, "driver": "470.256.03",
           "cuda": "11.4"}  # fmt: skip
    node = lab.add_node(
        instance_type=kind, labels={"node.kubernetes.io/instance-type": kind}, gpu_labels=labels,
        gpu=gpu,
    )  # fmt: skip
    ended, nodes = lab.rungs()
    assert ended.code == 0, ended.err
    assert len(nodes) == 3
    assert [row["node"] for row in ended.json["nodes"] if row["labels"][MEM] != "2048MiB"] == [node]


def test_a_shared_gpu_is_judged_by_its_memory(lab: Lab) -> None:
    kind = "ecs.vgn5i-m2.xlarge"
    lab.add_node(
        labels={"node.kubernetes.io/instance-type": kind, "ack.node.gpu.schedule": "share"}
    )
    ended, nodes = lab.rungs()
    assert ended.code == 0, ended.err
    assert nodes[2]["gpu"]["value"] == "2/2"


def test_consecutive_passes_must_all_agree(lab: Lab) -> None:
    ended, _ = lab.rungs("--count", "3")
    assert ended.code == 0
    assert ended.json["passes"] == 3


def test_a_failing_pass_ends_the_passes(lab: Lab) -> None:
    lab.add_node(t_gpu=None)
    ended, _ = lab.rungs("--count", "3")
    assert ended.code == 9
    assert ended.json["passes"] == 1


def test_the_table_shows_the_ladder_and_says_what_to_do(lab: Lab) -> None:
    lab.add_node(gpu_labels={**LABELS, MEM: "1024MiB"})
    ended = lab.verify()
    assert ended.code == 9
    header, *rows = ended.out.splitlines()
    assert header.split() == ["node", *RUNGS[:5]]
    assert len([row for row in rows if row.lstrip().startswith("cn-hangzhou.")]) == 3
    assert f"{MEM} is 1024MiB; ecs.vgn5i-m2.xlarge should show 2048MiB" in " ".join(
        ended.out.split()
    )
    assert "2 of 3 nodes verified" in ended.out


def test_junit_has_a_suite_for_each_node_and_a_case_for_each_rung(lab: Lab) -> None:
    lab.add_node(gpu_labels={**LABELS, MEM: "1024MiB"})
    path = lab.path.with_name("verify.xml")
    assert lab.verify("--junit", str(path)).code == 9
    suites = ET.parse(path).getroot().findall("testsuite")  # noqa: S314 -- our own file
    assert [suite.get("name") for suite in suites] == lab.nodes
    assert [suite.get("failures") for suite in suites] == ["0", "0", "1"]
    assert [case.get("name") for case in suites[2].findall("testcase")] == RUNGS[:5]
    failure = suites[2].find("testcase/failure")
    assert failure is not None
    assert "1024MiB" in str(failure.get("message"))


def test_a_cluster_without_gpu_nodes_is_not_verified(lab: Lab) -> None:
    lab.faults()
    with lab.cli.emulator.backend.transaction(write=True) as session:
        for doc in session.find("node", scope=lab.cluster_id):
            doc.deleted_at = lab.cli.emulator.backend.timeline_now(session)
            session.put(doc)
    ended = lab.verify()
    assert ended.code == 9
    assert "no GPU node" in ended.err
    assert "ackgpu nodepool add" in ended.err  # there may be no pool to scale up


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--level", "everything"), "--level"),
        (("--count", "0"), "--count"),
        (("--junit", "/nowhere/x.xml"), "/nowhere"),
        (("--junit", "both", "--report", "./both"), "one file"),
        (("--level", "cuda", "--timeout", "soon"), "--timeout"),
    ],
)
def test_flags_that_mean_nothing_are_refused(lab: Lab, arguments: tuple[str, ...],
                                             word: str) -> None:  # fmt: skip
    ended = lab.verify(*arguments)
    assert ended.code == 2
    assert word in ended.err


def test_who_may_not_list_nodes_is_told_so(lab: Lab) -> None:
    lab.faults({"kind": "kube_forbidden", "resource": "nodes", "verb": "list"})
    ended = lab.verify()
    assert ended.code == 4
    assert "forbidden" in ended.err


def test_who_may_not_list_pods_gets_the_plugin_as_unknown(lab: Lab) -> None:
    lab.faults(
        {"kind": "plugin_down", "node": lab.nodes[0]},
        {"kind": "kube_forbidden", "resource": "pods", "verb": "list"},
    )
    ended, (broken, good) = lab.rungs()
    assert ended.code == 9
    assert broken["plugin"]["verdict"] == "unknown"
    assert good["plugin"]["verdict"] == "passed"


def test_who_may_not_deploy_is_told_so_and_nothing_stays(lab: Lab) -> None:
    lab.faults({"kind": "kube_forbidden", "resource": "deployments", "verb": "patch"})
    ended = lab.verify("--level", "cuda")
    assert ended.code == 4
    assert "forbidden" in ended.err
    lab.faults()
    assert lab.deployments() == []


CLOSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "cordoned": ({"unschedulable": True}, "cordoned", "kubectl uncordon"),
    "disk pressure": (
        {"taints": [{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}]},
        "node.kubernetes.io/disk-pressure", "kubectl describe node",
    ),
    "not initialised": (
        {"taints": [{"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true",
                     "effect": "NoSchedule"}]},
        "uninitialized", "kubectl describe node",
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", CLOSED)
def test_a_gpu_that_no_pod_can_be_given_is_not_verified(lab: Lab, state: str) -> None:
    body, words, remedy = CLOSED[state]
    closed = lab.add_node(**body)
    ended, nodes = lab.rungs()
    assert ended.code == 9
    assert nodes[2]["gpu"]["verdict"] == "failed"
    assert words in nodes[2]["gpu"]["message"]
    assert f"{remedy} {closed}" in nodes[2]["gpu"]["remedy"]
    assert nodes[2]["plugin"]["verdict"] == "passed"
    assert {rung["verdict"] for rungs in nodes[:2] for rung in rungs.values()} == {"passed"}


@pytest.mark.long
@pytest.mark.parametrize(
    "taint",
    [
        {"key": "dedicated", "value": "render", "effect": "NoSchedule"},
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoExecute"},
        {"key": "node.kubernetes.io/disk-pressure", "effect": "PreferNoSchedule"},
    ],
    ids=["own", "for GPUs", "that only advises"],
)
def test_nodes_that_are_kept_for_other_work_are_verified_too(
    lab: Lab, taint: dict[str, Any]
) -> None:
    lab.add_node(taints=[taint])
    ended, nodes = lab.rungs("--level", "cuda")
    assert ended.code == 0, ended.err
    assert nodes[2]["cuda"]["verdict"] == "passed"
