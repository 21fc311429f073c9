"""Documents of clusters and nodes, as Container Service writes them."""

from __future__ import annotations

import base64
import json
from typing import Any

from ackgpu.emulator import Emulator
from ackgpu.emulator.certificates import authority_pem, client_certificate
from ackgpu.emulator.store import Doc

TYPE = "ecs.vgn5i-m2.xlarge"
GPU = {
    "name": "GRID P4-2Q", "memory_mib": 2048, "count": 1, "driver": "470.256.03", "cuda": "11.4",
    "allocatable": 1,
}  # fmt: skip
GPU_LABELS = {
    "aliyun.accelerator/nvidia_name": "GRID-P4-2Q",
    "aliyun.accelerator/nvidia_mem": "2048MiB",
    "aliyun.accelerator/nvidia_count": "1",
}
SCHEDULE = "ack.node.gpu.schedule"


def write_cluster(emulator: Emulator, cluster_id: str = "c1", **body: Any) -> str:
    """A cluster that is there and running."""
    with emulator.backend.transaction(write=True) as session:
        now = emulator.backend.timeline_now(session)
        doc = Doc("cluster", cluster_id, "cn-hangzhou", "vpc-1", cluster_id, now)
        doc.body = {
            "versions": [[now, "1.34.1-aliyun.1"]],
            "network": "Flannel",
            "container_cidr": "10.0.0.0/16",
            "node_cidr_mask": "26",
            "phases": [[now, "running"]],
            **body,
        }
        session.put(doc)
    return cluster_id


def write_node(
    emulator: Emulator, cluster_id: str, index: int = 0, *, after: float = 0.0, **body: Any
) -> str:
    """A node that joins, is Ready and shows its GPU ``after`` so many seconds."""
    with emulator.backend.transaction(write=True) as session:
        put_node(session, emulator.backend.timeline_now(session) + after, cluster_id, index, **body)
    return f"cn-hangzhou.192.168.{index // 250}.{index % 250}"


def put_node(session: Any, at: float, cluster_id: str, index: int, **body: Any) -> None:
    """The document of a node, ready ``at``."""
    address = f"192.168.{index // 250}.{index % 250}"
    name = f"cn-hangzhou.{address}"
    doc = Doc("node", f"i-{cluster_id}-{index}", "cn-hangzhou", cluster_id, name, at)
    doc.body = {
        "instance_id": doc.id,
        "node_name": name,
        "instance_type": TYPE,
        "ip_address": address,
        "pod_cidr": f"10.{index // 1024}.{index // 4 % 256}.{index % 4 * 64}/26",
        "t_join": at,
        "t_ready": at,
        "t_gpu": at,
        "labels": {"node.kubernetes.io/instance-type": TYPE, "kubernetes.io/hostname": name},
        "gpu_labels": GPU_LABELS,
        "gpu": GPU,
        "taints": [],
        **body,
    }
    if doc.body["gpu_labels"] and SCHEDULE not in doc.body["labels"]:
        doc.body["gpu_labels"] = {SCHEDULE: "default"} | doc.body["gpu_labels"]
    session.put(doc)


def kubeconfig_of(emulator: Emulator, cluster_id: str) -> str:
    """A kubeconfig with a client certificate of the cluster, as JSON (which is YAML)."""
    with emulator.backend.transaction(write=True) as session:
        groups = ["system:users", f"ack:cluster:{cluster_id}"]
        certificate, key = client_certificate(session, "2012345678-1", groups, 1)
        authority = authority_pem(session)
    cluster = {"server": emulator.kube_endpoint, "certificate-authority-data": encoded(authority)}
    user = {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "kubernetes", "cluster": cluster}],
            "users": [{"name": "user", "user": user}],
            "contexts": [{"name": "c", "context": {"cluster": "kubernetes", "user": "user"}}],
            "current-context": "c",
        }
    )


def encoded(text: str) -> str:
    """Text in base64."""
    return base64.b64encode(text.encode()).decode()
