# ruff: noqa: S108 -- the paths are inside emulated containers
"""The real kubectl against emulated clusters: get, describe, apply, wait, logs, exec, delete."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.emulator.kube.conftest import Kubectl

SAMPLE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cuda-sample, labels: {app: cuda-sample}}
spec:
  replicas: 1
  selector: {matchLabels: {app: cuda-sample}}
  template:
    metadata: {labels: {app: cuda-sample}}
    spec:
      nodeSelector: {aliyun.accelerator/nvidia_mem: 2048MiB}
      containers:
      - name: cuda-sample
        image: nvidia/cuda:9.0-cudnn7-devel-ubuntu16.04
        command: [tail, -f, /dev/null]
        resources: {limits: {nvidia.com/gpu: "1"}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: %(name)s}
spec:
  restartPolicy: Never
  containers: [{name: c, image: "ubuntu:22.04", command: %(command)s}]
"""


@pytest.fixture
def sample(kubectl: Kubectl) -> str:
    """The name of a running pod of the documented sample."""
    kubectl("apply", "-f", "-", stdin=SAMPLE)
    kubectl("wait", "--for=condition=Available", "deployment/cuda-sample", "--timeout=50s")
    name: str = kubectl.json("get", "pods", "-l", "app=cuda-sample")["items"][0]["metadata"]["name"]
    return name


def test_nodes_are_listed_with_their_state_and_version(kubectl: Kubectl) -> None:
    lines = kubectl("get", "nodes").splitlines()
    assert lines[0].split() == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert [line.split()[1] for line in lines[1:]] == ["Ready", "Ready"]
    assert lines[1].split()[-1] == "v1.34.1-aliyun.1"


def test_wide_output_adds_address_and_runtime(kubectl: Kubectl) -> None:
    out = kubectl("get", "nodes", "-o", "wide")
    assert "192.168.0.1" in out
    assert "containerd://" in out


def test_nodes_as_json_carry_labels_and_allocatable_gpus(kubectl: Kubectl) -> None:
    nodes = kubectl.json("get", "nodes")["items"]
    assert {n["status"]["allocatable"]["nvidia.com/gpu"] for n in nodes} == {"1"}
    names = {n["metadata"]["labels"]["aliyun.accelerator/nvidia_name"] for n in nodes}
    assert names == {"GRID-P4-2Q"}


def test_describe_node_shows_conditions_pods_and_gpu(kubectl: Kubectl) -> None:
    out = kubectl("describe", "node", "cn-hangzhou.192.168.0.1")
    assert "KubeletReady" in out
    assert "kube-flannel-ds" in out
    assert "nvidia.com/gpu" in out
    assert "RenewTime" in out


def test_system_pods_run(kubectl: Kubectl) -> None:
    out = kubectl("get", "pods", "--all-namespaces")
    for name in ("coredns", "kube-flannel-ds", "kube-proxy-worker", "ack-nvidia-device-plugin"):
        assert name in out


@pytest.mark.long
def test_apply_is_idempotent_and_changes_what_differs(kubectl: Kubectl, sample: str) -> None:
    assert sample.startswith("cuda-sample-")
    assert "unchanged" in kubectl("apply", "-f", "-", stdin=SAMPLE)
    changed = SAMPLE.replace("replicas: 1", "replicas: 2")
    assert "configured" in kubectl("apply", "-f", "-", stdin=changed)
    kubectl("rollout", "status", "deployment/cuda-sample", "--timeout=50s")
    assert kubectl.json("get", "deployment", "cuda-sample")["status"]["readyReplicas"] == 2


@pytest.mark.long
def test_server_side_apply_reports_conflicts_and_forces(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "--field-manager=one", "-f", "-", stdin=SAMPLE)
    other = SAMPLE.replace("replicas: 1", "replicas: 0")
    arguments = ("apply", "--server-side", "--field-manager=two", "-f", "-")
    refused = kubectl.run(*arguments, stdin=other)
    assert refused.returncode != 0
    assert 'conflict with "one"' in refused.stderr
    assert ".spec.replicas" in refused.stderr
    kubectl(*arguments, "--force-conflicts", stdin=other)
    assert kubectl.json("get", "deployment", "cuda-sample")["spec"]["replicas"] == 0


def test_a_deployment_that_asks_too_much_says_why_it_waits(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SAMPLE.replace('gpu: "1"', 'gpu: "2"'))
    out = kubectl("describe", "pods", "-l", "app=cuda-sample")
    assert "0/2 nodes are available: 2 Insufficient nvidia.com/gpu." in out
    assert "Pending" in kubectl("get", "pods")


@pytest.mark.long
def test_exec_prints_what_the_gpu_tools_say(kubectl: Kubectl, sample: str) -> None:
    out = kubectl("exec", sample, "--", "nvidia-smi")
    assert "|   0  GRID P4-2Q          On   | 00000000:00:07.0 Off |" in out
    assert "release 9.0, V9.0.176" in kubectl("exec", sample, "--", "nvcc", "-V")


@pytest.mark.long
def test_exec_passes_stdin_stderr_and_the_exit_code(kubectl: Kubectl, sample: str) -> None:
    kubectl("exec", "-i", sample, "--", "sh", "-c", "cat > /tmp/in", stdin="one\ntwo\n")
    assert kubectl("exec", sample, "--", "cat", "/tmp/in") == "one\ntwo\n"
    done = kubectl.run("exec", sample, "--", "sh", "-c", "echo out; cat /nope; exit 7")
    assert done.stdout == "out\n"
    assert "No such file or directory" in done.stderr
    assert done.returncode == 7


def test_exec_of_a_missing_program_says_so(kubectl: Kubectl, sample: str) -> None:
    done = kubectl.run("exec", sample, "--", "nonesuch")
    assert done.returncode != 0
    assert 'exec: "nonesuch": executable file not found in $PATH' in done.stderr


@pytest.mark.long
def test_a_streamed_source_is_built_and_run(kubectl: Kubectl, sample: str) -> None:
    source = "__global__ void vectorAdd(float *a) {}\nint main() { return 0; }\n"
    kubectl("exec", "-i", sample, "--", "sh", "-c", "cat > /tmp/v.cu", stdin=source)
    out = kubectl("exec", sample, "--", "sh", "-c", "nvcc /tmp/v.cu -o /tmp/v && /tmp/v")
    assert "Test PASSED" in out


def test_the_documented_sample_is_installed_built_and_run(kubectl: Kubectl, sample: str) -> None:
    script = (
        "apt-get update && apt-get install -y cuda-samples-9-0"
        " && cd /usr/local/cuda-9.0/samples/0_Simple/simpleTexture && make && ./simpleTexture"
    )
    out = kubectl("exec", sample, "--", "bash", "-c", script)
    assert 'GPU Device 0: "GRID P4-2Q" with compute capability 6.1' in out
    assert "simpleTexture completed, returned OK" in out


@pytest.mark.long
def test_logs_show_what_the_container_printed(kubectl: Kubectl) -> None:
    command = '[sh, -c, "echo one; echo two; exit 3"]'
    kubectl("apply", "-f", "-", stdin=POD % {"name": "talker", "command": command})
    kubectl("wait", "--for=condition=PodScheduled", "pod/talker", "--timeout=50s")
    out = kubectl.run("logs", "-f", "talker")
    while "ContainerCreating" in out.stderr:
        out = kubectl.run("logs", "-f", "talker")
    assert out.stdout == "one\ntwo\n"
    assert kubectl("logs", "--tail=1", "talker") == "two\n"
    status = kubectl.json("get", "pod", "talker")["status"]
    assert status["phase"] == "Failed"
    assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


@pytest.mark.long
def test_delete_waits_until_the_object_is_gone(kubectl: Kubectl, sample: str) -> None:
    kubectl("delete", "deployment", "cuda-sample")
    kubectl("delete", "pod", sample, "--ignore-not-found", "--wait=true", "--timeout=50s")
    assert kubectl.json("get", "pods")["items"] == []


@pytest.mark.long
def test_typed_commands_send_what_the_server_reads(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "team")
    kubectl("create", "configmap", "settings", "--from-literal=a=1", "-n", "team")
    kubectl("create", "secret", "generic", "key", "--from-literal=k=v", "-n", "team")
    kubectl("create", "serviceaccount", "robot", "-n", "team")
    assert kubectl.json("get", "configmap", "settings", "-n", "team")["data"] == {"a": "1"}
    assert kubectl.json("get", "secret", "key", "-n", "team")["data"] == {"k": "dg=="}
    kubectl("delete", "namespace", "team", "--timeout=50s")
    assert "NotFound" in kubectl.run("get", "namespace", "team").stderr


def test_can_i_answers_by_role(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "list", "nodes").strip() == "yes"
    kubectl("create", "serviceaccount", "robot")
    as_json = kubectl("auth", "can-i", "--list")
    assert "*.*" in as_json


@pytest.mark.long
def test_scale_set_image_label_and_annotate(kubectl: Kubectl, sample: str) -> None:
    assert sample
    kubectl("scale", "deployment/cuda-sample", "--replicas=0")
    assert kubectl.json("get", "deployment", "cuda-sample")["spec"]["replicas"] == 0
    kubectl("set", "image", "deployment/cuda-sample", "cuda-sample=nvidia/cuda:11.4-devel")
    kubectl("label", "deployment", "cuda-sample", "tier=gpu")
    kubectl("annotate", "deployment", "cuda-sample", "note=x")
    obj = kubectl.json("get", "deployment", "cuda-sample")
    assert obj["metadata"]["labels"]["tier"] == "gpu"
    assert obj["metadata"]["annotations"]["note"] == "x"
    image = obj["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == "nvidia/cuda:11.4-devel"


@pytest.mark.long
def test_cordon_and_drain_move_pods_off_a_node(kubectl: Kubectl, sample: str) -> None:
    node = kubectl.json("get", "pod", sample)["spec"]["nodeName"]
    kubectl("cordon", node)
    assert "SchedulingDisabled" in kubectl("get", "node", node)
    flags = ("--ignore-daemonsets", "--force", "--timeout=50s")
    kubectl("drain", node, *flags)
    left = kubectl.json("get", "pods", "--field-selector", f"spec.nodeName={node}")["items"]
    assert left == []
    kubectl("uncordon", node)
    assert "SchedulingDisabled" not in kubectl("get", "node", node)


@pytest.mark.long
def test_taints_and_labels_of_nodes_are_kept(kubectl: Kubectl) -> None:
    node = "cn-hangzhou.192.168.0.0"
    kubectl("taint", "node", node, "gpu=yes:NoSchedule")
    kubectl("label", "node", node, "pool=a")
    obj = kubectl.json("get", "node", node)
    assert obj["spec"]["taints"] == [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]
    assert obj["metadata"]["labels"]["pool"] == "a"
    kubectl("taint", "node", node, "gpu-")
    assert "taints" not in kubectl.json("get", "node", node)["spec"]


@pytest.mark.long
def test_patches_of_three_kinds(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "c", "--from-literal=a=1")
    kubectl("patch", "configmap", "c", "--type=merge", "-p", '{"data":{"b":"2"}}')
    kubectl("patch", "configmap", "c", "-p", '{"data":{"a":null}}')
    change = [{"op": "add", "path": "/data/c", "value": "3"}]
    kubectl("patch", "configmap", "c", "--type=json", "-p", json.dumps(change))
    assert kubectl.json("get", "configmap", "c")["data"] == {"b": "2", "c": "3"}


def test_a_dry_run_on_the_server_changes_nothing(kubectl: Kubectl) -> None:
    out = kubectl("apply", "--dry-run=server", "-f", "-", stdin=SAMPLE)
    assert "created (server dry run)" in out
    assert "NotFound" in kubectl.run("get", "deployment", "cuda-sample").stderr


def test_diff_shows_what_an_apply_would_change(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SAMPLE)
    assert kubectl("diff", "-f", "-", stdin=SAMPLE) == ""
    done = kubectl.run("diff", "-f", "-", stdin=SAMPLE.replace("replicas: 1", "replicas: 2"))
    assert done.returncode == 1
    assert "+  replicas: 2" in done.stdout


def test_errors_read_like_a_real_server(kubectl: Kubectl) -> None:
    missing = kubectl.run("get", "pod", "nope").stderr
    assert 'Error from server (NotFound): pods "nope" not found' in missing
    unknown = kubectl.run("get", "widgets").stderr
    assert "the server doesn't have a resource type" in unknown
    bad = POD.replace("name: c,", "name: C_C,") % {"name": "x", "command": "[a]"}
    refused = kubectl.run("create", "--validate=false", "-f", "-", stdin=bad).stderr
    assert 'The Pod "x" is invalid: spec.containers[0].name: Invalid value: "C_C"' in refused


@pytest.mark.long
def test_wait_sees_a_pod_become_ready_and_go(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=POD % {"name": "p", "command": "[sleep, infinity]"})
    out = kubectl("wait", "--for=condition=Ready", "pod/p", "--timeout=50s")
    assert "condition met" in out
    kubectl("delete", "pod", "p", "--wait=false")
    kubectl.run("wait", "--for=delete", "pod/p", "--timeout=50s")
    assert "NotFound" in kubectl.run("get", "pod", "p").stderr


@pytest.mark.long
def test_cp_carries_files_there_and_back(kubectl: Kubectl, sample: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("one\n")
    kubectl("cp", str(tmp_path / "in"), f"{sample}:/tmp/there")
    assert kubectl("exec", sample, "--", "cat", "/tmp/there/a.txt") == "one\n"
    kubectl("cp", f"{sample}:/tmp/there", str(tmp_path / "out"))
    assert (tmp_path / "out" / "a.txt").read_text() == "one\n"
    missing = kubectl.run("cp", f"{sample}:/nope", str(tmp_path / "nope"))
    assert "tar: /nope: Cannot stat: No such file or directory" in missing.stdout


@pytest.mark.long
def test_attach_follows_a_container_until_it_ends(kubectl: Kubectl) -> None:
    command = '[sh, -c, "echo one; sleep 400"]'
    kubectl("apply", "-f", "-", stdin=POD % {"name": "busy", "command": command})
    kubectl("wait", "--for=condition=Ready", "pod/busy", "--timeout=50s")
    assert kubectl("attach", "busy") == ""
    assert kubectl.json("get", "pod", "busy")["status"]["phase"] == "Succeeded"


def test_port_forward_listens_and_refuses_each_connection(kubectl: Kubectl, sample: str) -> None:
    arguments = ["port-forward", sample, ":8080"]
    with kubectl.start(*arguments) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        port = int(first.removeprefix("Forwarding from 127.0.0.1:").split()[0])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert client.recv(1) == b""
        assert running.stderr is not None
        text = running.stderr.readline()
        running.terminate()
    assert "error forwarding port 8080 to pod" in text
    assert "connection refused" in text
