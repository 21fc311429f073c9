"""``run-sample`` and ``manifest sample`` on a cluster that ackgpu made."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator.kube.api import Api
from ruamel.yaml import YAML
from support.cli import Cli, cli_on

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
DOCUMENTED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "cuda-sample", "labels": {"app": "cuda-sample"}},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "cuda-sample"}},
        "template": {
            "metadata": {"labels": {"app": "cuda-sample"}},
            "spec": {
                "nodeSelector": {"aliyun.accelerator/nvidia_mem": "2048MiB"},
                "containers": [
                    {
                        "name": "cuda-sample",
                        "image": "nvidia/cuda:9.0-cudnn7-devel-ubuntu16.04",
                        "command": ["tail", "-f", "/dev/null"],
                        "resources": {"limits": {"nvidia.com/gpu": "1"}},
                    }
                ],
            },
        },
    },
}


@pytest.fixture
def made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell in which the cluster ``demo`` stands."""
    with cli_on(tmp_path / "user", capsys) as cli:
        cli.ok("create", "demo", "--no-verify")
        cli.ok("wait", "demo", "--for", "gpu")
        yield cli


def api_of(cli: Cli) -> Api:
    with cli.emulator.backend.transaction() as session:
        cluster = session.find("cluster")[0]
    return Api(cli.emulator, cluster.id)


def deployments(cli: Cli) -> list[str]:
    return [row["metadata"]["name"] for row in api_of(cli).get(DEPLOYMENTS)["items"]]


def spec_with_the_sample(directory: Path) -> Path:
    """The file of a cluster that create proves with the sample, however slow the machine is."""
    path = directory / "cluster.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "verify: {level: cuda}\ngpu: {sample: {timeout: 24h}}\n"
    )
    return path


def faults(cli: Cli, *kinds: str) -> None:
    cli.emulator.set_faults({"faults": [{"kind": kind} for kind in kinds]})


@pytest.mark.long
def test_the_documented_sample_runs_and_nothing_of_it_stays(made: Cli) -> None:
    ended = made.ok("run-sample", "demo", "-o", "json")
    found = ended.json
    assert found["passed"] is True
    assert (found["gpu"], found["memory"], found["driver"]) == (
        "GRID P4-2Q", "2048 MiB", "418.70",
    )  # fmt: skip
    assert found["program"] == "simpleTexture"
    assert "simpleTexture completed, returned OK" in found["output"]
    assert deployments(made) == []
    assert api_of(made).get("/api/v1/namespaces/default/pods")["items"] == []


@pytest.mark.long
def test_what_the_programs_print_is_shown_while_they_run(made: Cli) -> None:
    ended = made.ok("run-sample", "demo", "-o", "jsonl")
    events = [json.loads(line) for line in ended.out.splitlines()]
    output = "".join(event["text"] for event in events if event["type"] == "StepOutput")
    for words in ("| NVIDIA-SMI 418.70", "release 10.1", "simpleTexture starting..."):
        assert words in output
    assert events[-1]["type"] == "Result"


@pytest.mark.long
def test_an_image_without_a_samples_package_gets_the_source_streamed_in(made: Cli) -> None:
    image = "nvidia/cuda:12.2.2-devel-ubuntu22.04"
    faults(made)
    ended = made("run-sample", "demo", "-o", "json", "--image", image)
    assert ended.json["toolkit"] == "12.2"
    # CUDA 12.2 is newer than this node's driver runs: the program says so, and it is no bad GPU.
    assert ended.code == 9
    assert ended.json["program"] == "vectorAdd"
    assert "driver" in ended.json["remedy"]


@pytest.mark.long
def test_keep_leaves_the_documented_deployment_for_a_look_around(made: Cli) -> None:
    ended = made.ok("run-sample", "demo", "--keep")
    assert "kubectl exec -it deployment/cuda-sample" in ended.out
    kept = api_of(made).get(f"{DEPLOYMENTS}/cuda-sample")
    spec = kept["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"aliyun.accelerator/nvidia_mem": "2048MiB"}
    [container] = spec["containers"]
    assert container["command"] == ["tail", "-f", "/dev/null"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": "1"}
    managers = {row["manager"]: row["operation"] for row in kept["metadata"]["managedFields"]}
    assert managers["ackgpu"] == "Apply"


@pytest.mark.long
def test_a_second_run_takes_over_what_a_killed_one_left(made: Cli) -> None:
    made.ok("run-sample", "demo", "--keep")
    made.ok("run-sample", "demo")
    assert deployments(made) == []


@pytest.mark.long
def test_a_deployment_of_that_name_that_is_not_ours_is_left_alone(made: Cli) -> None:
    api_of(made).create(DEPLOYMENTS, DOCUMENTED)
    ended = made("run-sample", "demo")
    assert ended.code == 6
    assert "cuda-sample" in ended.err
    assert deployments(made) == ["cuda-sample"]


ENDS = {
    "driver_mismatch": (9, "Driver/library version mismatch"),
    "unlicensed": (9, "licence"),
    "sample_wrong_result": (9, "simpleTexture"),
    "image_pull_backoff": (11, "cannot be pulled"),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", ENDS)
def test_each_trouble_has_its_exit_code_and_its_reason(made: Cli, kind: str) -> None:
    code, words = ENDS[kind]
    faults(made, kind)
    ended = made("run-sample", "demo")
    assert (ended.code, words in ended.err) == (code, True), ended.err
    assert deployments(made) == []


@pytest.mark.long
def test_a_sample_that_fails_says_why_once_and_nothing_empty(made: Cli) -> None:
    faults(made, "driver_mismatch")
    ended = made("run-sample", "demo")
    assert "run-sample demo" in ended.err
    assert "verify demo" not in ended.err
    assert ", ," not in ended.out
    assert "CUDA sample failed on cn-hangzhou." in ended.out
    said = " ".join((ended.out + ended.err).split())
    assert said.count("nvidia-smi failed: Failed to initialize NVML") == 1  # beside its own words


@pytest.mark.long
def test_without_time_the_real_reason_of_the_wait_is_told(made: Cli) -> None:
    faults(made, "image_pull_backoff")
    with made.at_speed(20):
        ended = made("run-sample", "demo", "--timeout", "20s")
    assert ended.code == 7
    assert "ErrImagePull" in ended.err or "ImagePullBackOff" in ended.err
    assert deployments(made) == []


@pytest.mark.long
def test_ctrl_c_deletes_what_was_made(made: Cli) -> None:
    faults(made, "image_pull_backoff")  # it waits, until it is stopped
    api = api_of(made)

    def interrupt() -> None:
        while not api.get(DEPLOYMENTS)["items"]:
            continue
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    ended = made("run-sample", "demo")
    thread.join()
    assert ended.code == 130
    assert "`ackgpu run-sample demo` tries again, `ackgpu delete demo` deletes it." in ended.err
    assert deployments(made) == []


@pytest.mark.long
def test_a_cluster_that_is_not_there_is_not_found(made: Cli) -> None:
    assert made("run-sample", "other").code == 5


@pytest.mark.long
def test_the_manifest_is_the_documented_one(made: Cli) -> None:
    assert YAML(typ="safe").load(made.ok("manifest", "sample").out) == DOCUMENTED


def test_the_manifest_of_a_cluster_is_fitted_to_its_nodes_and_region(made: Cli) -> None:
    manifest = YAML(typ="safe").load(made.ok("manifest", "sample", "demo").out)
    pod = manifest["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"aliyun.accelerator/nvidia_mem": "2048MiB"}
    image = pod["containers"][0].pop("image")
    assert image.startswith(
        "nvidia/cuda:10.1-cudnn7-devel-ubuntu18.04@sha256:"
    )  # what the driver of vgn5i runs
    documented = DOCUMENTED["spec"]["template"]["spec"]["containers"][0]
    assert pod["containers"][0] == {k: v for k, v in documented.items() if k != "image"}


@pytest.mark.long
def test_create_proves_the_gpus_with_the_sample_where_the_spec_asks_for_it(
    cli: Cli, tmp_path: Path
) -> None:
    path = spec_with_the_sample(tmp_path)
    made = cli.ok("create", "-f", str(path), "-o", "json").json
    assert "cuda sample" in made["durations"]
    assert deployments(cli) == []


@pytest.mark.long
def test_create_ends_with_9_where_the_sample_fails_and_leaves_nothing_of_it(
    cli: Cli, tmp_path: Path
) -> None:
    path = spec_with_the_sample(tmp_path)
    faults(cli, "sample_wrong_result")
    ended = cli("create", "-f", str(path))
    assert ended.code == 9
    assert "verification failed" in ended.err
    assert deployments(cli) == []


@pytest.mark.long
def test_a_create_that_is_stopped_during_the_sample_deletes_the_sample(
    cli: Cli, tmp_path: Path
) -> None:
    path = spec_with_the_sample(tmp_path)
    faults(cli, "image_pull_backoff")
    stop_when = threading.Thread(target=_interrupt_when_deployed, args=(cli,))
    stop_when.start()
    ended = cli("create", "-f", str(path))
    stop_when.join()
    assert ended.code == 130
    assert deployments(cli) == []


def _interrupt_when_deployed(cli: Cli) -> None:
    backend = cli.emulator.backend
    while True:
        with backend.transaction() as session:
            clusters = session.find("cluster", at=backend.timeline_now(session))
        if clusters and deployments(cli):
            os.kill(os.getpid(), signal.SIGINT)
            return


def a_quota(cli: Cli) -> None:
    """A quota of no pods."""
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
             "spec": {"hard": {"pods": "0"}}}  # fmt: skip
    api_of(cli).create("/api/v1/namespaces/default/resourcequotas", quota)


def a_webhook(cli: Cli) -> None:
    """A webhook of somebody's."""
    fault = {"kind": "pod_refused", "message": "no GPUs on Fridays"}
    cli.emulator.set_faults({"faults": [fault]})


def unprivileged_pods(cli: Cli) -> None:
    """Pods of PodSecurity's level restricted, and a quota that takes none of these either."""
    labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    merge = "application/merge-patch+json"
    answer = api_of(cli)("PATCH", "/api/v1/namespaces/default", labels, content_type=merge)
    assert answer.status == 200
    a_quota(cli)


REFUSALS = {
    "quota": (a_quota, "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"),
    "webhook": (a_webhook, "denied the request: no GPUs on Fridays"),
    "restricted": (unprivileged_pods, "exceeded quota: q"),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_pod_that_is_refused_ends_early_with_the_servers_sentence(made: Cli, kind: str) -> None:
    change, words = REFUSALS[kind]
    change(made)
    ended = made("run-sample", "demo", "--timeout", "24h", "-o", "json")
    error = ended.json["error"]
    assert ended.code == 11
    assert words in error["message"]
    assert "says nothing of the GPU" in error["resolution"]
    assert 0 < ended.json["durations"]["total"] < 3600  # of the day that it might have taken
    assert deployments(made) == []


@pytest.mark.long
def test_pods_that_must_not_be_root_are_given_a_sample_that_is_not(made: Cli) -> None:
    labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    merge = "application/merge-patch+json"
    api_of(made)("PATCH", "/api/v1/namespaces/default", labels, content_type=merge)
    ended = made.ok("run-sample", "demo", "-o", "json")
    assert ended.json["program"] == "vectorAdd"  # simpleTexture's package takes root
    assert deployments(made) == []


@pytest.mark.long
def test_where_the_gpus_are_taken_the_schedulers_words_are_told(made: Cli) -> None:
    container = {"name": "c", "image": "busybox", "command": ["sleep", "infinity"],
                 "resources": {"limits": {"nvidia.com/gpu": "1"}}}  # fmt: skip
    api = api_of(made)
    for number in range(2):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"busy-{number}"},
               "spec": {"containers": [container]}}  # fmt: skip
        api.create("/api/v1/namespaces/default/pods", pod)
    ended = made("run-sample", "demo")
    assert ended.code == 7
    assert "Insufficient nvidia.com/gpu" in ended.err
    assert deployments(made) == []
