"""Python clients that nobody here wrote, over real TLS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec, ResourceRequirements
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Node, Pod

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import GPU_LIMIT
from tests.emulator.kube.clusters import kubeconfig_of, put_node, write_node


@pytest.fixture
def client(emulator: Emulator, cluster: str) -> Iterator[lightkube.Client]:
    """lightkube, connected to the empty cluster."""
    config = lightkube.KubeConfig.from_dict(json.loads(kubeconfig_of(emulator, cluster)))
    client = lightkube.Client(config=config, field_manager="ackgpu-test")
    yield client
    client._client._client.close()


def sample(name: str = "cuda-sample", gpus: str = "1") -> Deployment:
    labels = {"app": name}
    container = Container(
        name="c",
        image="nvidia/cuda:9.0-cudnn7-devel-ubuntu16.04",
        command=["tail", "-f", "/dev/null"],
        resources=ResourceRequirements(limits={**GPU_LIMIT, "nvidia.com/gpu": gpus}),
    )
    template = PodTemplateSpec(
        metadata=ObjectMeta(labels=labels),
        spec=PodSpec(
            containers=[container], nodeSelector={"aliyun.accelerator/nvidia_mem": "2048MiB"}
        ),
    )
    spec = DeploymentSpec(replicas=1, selector=LabelSelector(matchLabels=labels), template=template)
    return Deployment(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


def test_lightkube_lists_nodes_in_pages(
    client: lightkube.Client, emulator: Emulator, cluster: str
) -> None:
    with emulator.backend.transaction(write=True) as session:
        for index in range(30):
            put_node(session, 0.0, cluster, index)
    nodes = list(client.list(Node, chunk_size=7))
    assert len(nodes) == 30
    status = nodes[0].status
    assert status is not None
    assert status.allocatable is not None
    assert status.allocatable["nvidia.com/gpu"] == "1"


def test_lightkube_applies_waits_executes_and_deletes(
    client: lightkube.Client, emulator: Emulator, cluster: str, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    client.apply(sample())
    clock.advance(20)
    client.wait(Deployment, "cuda-sample", for_conditions=["Available"])
    (pod,) = client.list(Pod, labels={"app": "cuda-sample"})
    assert pod.metadata is not None
    name = str(pod.metadata.name)
    done = client.exec(name, command=["nvidia-smi", "-L"], stdout=True, stderr=True)
    assert "GPU 0: GRID P4-2Q" in str(done.stdout)
    client.delete(Deployment, "cuda-sample")
    clock.advance(40)
    assert list(client.list(Pod)) == []
    with pytest.raises(ApiError) as error:
        client.get(Pod, name)
    assert error.value.status.reason == "NotFound"


def test_lightkube_watches(client: lightkube.Client, emulator: Emulator, cluster: str) -> None:
    write_node(emulator, cluster)
    kind, node = next(iter(client.watch(Node, server_timeout=5)))
    assert kind == "ADDED"
    assert node.metadata is not None
    assert node.metadata.name == "cn-hangzhou.192.168.0.0"


def test_lightkube_patches_and_sees_conflicts(client: lightkube.Client) -> None:
    client.create(ConfigMap(metadata=ObjectMeta(name="c", namespace="default"), data={"a": "1"}))
    old = client.get(ConfigMap, "c")
    client.patch(ConfigMap, "c", {"data": {"b": "2"}})
    assert client.get(ConfigMap, "c").data == {"a": "1", "b": "2"}
    with pytest.raises(ApiError) as error:
        client.replace(old)
    assert error.value.status.code == 409


@pytest.fixture
def official(emulator: Emulator, cluster: str) -> Iterator[Any]:
    """The official client's module and a client of it."""
    kubernetes = pytest.importorskip("kubernetes", reason="the official client is not installed")
    from kubernetes.config import new_client_from_config_dict

    client = new_client_from_config_dict(json.loads(kubeconfig_of(emulator, cluster)))
    yield kubernetes.client, client
    client.rest_client.pool_manager.clear()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_official_client_reads_and_writes(
    official: Any, emulator: Emulator, cluster: str, clock: ManualClock
) -> None:
    module, client = official
    write_node(emulator, cluster)
    core, apps = module.CoreV1Api(client), module.AppsV1Api(client)
    assert module.VersionApi(client).get_code().git_version == "v1.34.1-aliyun.1"
    (node,) = core.list_node().items
    assert node.status.node_info.kubelet_version == "v1.34.1-aliyun.1"
    body = sample().to_dict()
    apps.create_namespaced_deployment("default", body)
    clock.advance(20)
    (pod,) = core.list_namespaced_pod("default").items
    assert pod.status.phase == "Running"
    apps.delete_namespaced_deployment("cuda-sample", "default")
    with pytest.raises(module.exceptions.ApiException) as error:
        apps.read_namespaced_deployment("cuda-sample", "default")
    assert error.value.status == 404


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_official_client_executes(
    official: Any, emulator: Emulator, cluster: str, clock: ManualClock
) -> None:
    from kubernetes.stream import stream

    module, client = official
    write_node(emulator, cluster)
    core = module.CoreV1Api(client)
    container = {"name": "c", "image": "a/cuda:11.4-devel", "command": ["sleep", "infinity"]}
    core.create_namespaced_pod(
        "default", {"metadata": {"name": "p"}, "spec": {"containers": [container]}}
    )
    clock.advance(20)
    session = stream(
        core.connect_get_namespaced_pod_exec, "p", "default",
        command=["sh", "-c", "nvidia-smi -L; exit 3"], stdout=True, stderr=True,
        stdin=False, tty=False, _preload_content=False,
    )  # fmt: skip
    session.run_forever(timeout=10)
    assert "GRID P4-2Q" in session.read_stdout()
    assert session.returncode == 3
    session.sock.sock.close()
