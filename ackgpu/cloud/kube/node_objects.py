"""One node, and the pods that are asked to leave it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ackgpu.cloud.api import KubeNode, KubePod
from ackgpu.cloud.kube.node_rows import decode_node, node_of
from ackgpu.cloud.kube.requests import Send

_NOT_FOUND, _TOO_MANY = 404, 429
_MERGE = "application/merge-patch+json"
_BUDGET = "DisruptionBudget"


def node(send: Send, name: str) -> KubeNode | None:
    """The node of that name, or None if there is none."""
    response = send("GET", _path(name), accepted=frozenset({_NOT_FOUND}))
    if response.status_code == _NOT_FOUND:
        return None
    return node_of(decode_node(response.content))


def set_unschedulable(send: Send, node: str, *, unschedulable: bool) -> None:
    """Close the node to new pods, or open it again."""
    body = json.dumps({"spec": {"unschedulable": unschedulable}}).encode()
    send("PATCH", _path(node), content=body, content_type=_MERGE)


def evict(send: Send, pod: KubePod) -> str:
    """Ask that the pod leaves; why not now, empty if it does or is gone.

    A 429 that names a budget says that the pod stays for now, not that there were too many
    requests: to insist at once is of no use (Kubernetes, "API-initiated Eviction").
    """
    metadata = {"name": pod.name, "namespace": pod.namespace}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/eviction"
    content = json.dumps(body).encode()
    response = send("POST", path, content=content, accepted=frozenset({_NOT_FOUND, _TOO_MANY}))
    return _why(response.json()) if response.status_code == _TOO_MANY else ""


def _why(status: Mapping[str, Any]) -> str:
    causes = (status.get("details") or {}).get("causes") or []
    budget = next((c for c in causes if c.get("reason") == _BUDGET), None)
    said = (budget or status).get("message") or "the API server is throttled"
    return str(said)


def _path(name: str) -> str:
    return f"/api/v1/nodes/{quote(name, safe='')}"
