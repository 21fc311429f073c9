"""Nodes, pods and other objects of a cluster: requests, and what their answers say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ackgpu.cloud.api import DeploymentState, KubeEvent, KubeNode, KubePod
from ackgpu.cloud.kube.insistence import TooLarge, TooSlow
from ackgpu.cloud.kube.node_rows import hold_to_kind, node_of, page_of
from ackgpu.cloud.kube.requests import Send

T = TypeVar("T")

MANAGER = "ackgpu"
PAGE, SMALLEST_PAGE = 250, 20
"""Objects a page: 250 real nodes are 4.5 MB, and one page at a time is in memory."""
RESTARTS = 3
_MAX_PAGES = 200  # 100,000 objects; Kubernetes supports 5,000 nodes ("Large clusters")
_NOT_FOUND, _GONE = 404, 410
_MIRROR = "kubernetes.io/config.mirror"
_APPLY = "application/apply-patch+yaml"
_PATHS = {
    ("v1", "Pod"): ("api/v1", "pods"),
    ("apps/v1", "Deployment"): ("apis/apps/v1", "deployments"),
}


def nodes(send: Send) -> list[KubeNode]:
    """Every node, read in pages; from the beginning again where a continue token has expired."""
    source = _Source("/api/v1/nodes", {}, page_of, lambda row: row.name, node_of)
    return _listed(send, source)


def pods(send: Send, namespace: str, selector: str) -> list[KubePod]:
    """The pods of a namespace with the labels of ``selector``, read in pages."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    return _listed(send, _plain("PodList", path, {"labelSelector": selector}, pod_of))


def pods_on(send: Send, node: str) -> list[KubePod]:
    """The pods of every namespace that are on the node, read in pages."""
    query = {"fieldSelector": f"spec.nodeName={node}"}
    return _listed(send, _plain("PodList", "/api/v1/pods", query, pod_of))


def pods_waiting(send: Send) -> list[KubePod]:
    """The pods of every namespace whose phase is Pending, read in pages."""
    query = {"fieldSelector": "status.phase=Pending"}
    return _listed(send, _plain("PodList", "/api/v1/pods", query, pod_of))


def warnings(send: Send) -> list[KubeEvent]:
    """The events of type Warning of every namespace, read in pages."""
    query = {"fieldSelector": "type=Warning"}
    return _listed(send, _plain("EventList", "/api/v1/events", query, event_of))


def deployments(send: Send, namespace: str, selector: str) -> list[DeploymentState]:
    """The Deployments of a namespace with the labels of ``selector``, read in pages."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    query = {"labelSelector": selector}
    return _listed(send, _plain("DeploymentList", path, query, deployment_of))


@dataclass(frozen=True)
class _Source(Generic[T]):
    """A list: where it is, how a page of it is decoded, and what becomes of a row."""

    path: str
    query: Mapping[str, str]
    decode: Callable[[bytes], tuple[Sequence[Any], str]]
    name: Callable[[Any], str]
    make: Callable[[Any], T]


def _plain(kind: str, path: str, query: Mapping[str, str], make: Callable[[Any], T]) -> _Source[T]:
    """A list of objects that are small, or few."""

    def decode(body: bytes) -> tuple[Sequence[Any], str]:
        page = json.loads(body)
        hold_to_kind(page.get("kind"), kind)
        return page.get("items") or (), (page.get("metadata") or {}).get("continue") or ""

    return _Source(path, query, decode, _name_of, make)


def _name_of(row: Mapping[str, Any]) -> str:
    metadata = row["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def _listed(send: Send, source: _Source[T]) -> list[T]:
    """Every object of a list. A page is let go before the next one is read.

    A continue token lives for some minutes, and a server may forget it (410): the list begins anew
    then, and without pages where that goes on. Raises ValueError where the pages have no end.
    """
    for _ in range(RESTARTS):
        found = _pages(send, source)
        if found is not None:
            return found
    # Without pages: a list that is compacted under the reader each time is taken in one piece.
    rows, more = source.decode(send("GET", source.path, params=source.query).content)
    if more:
        raise _endless(source)
    return [source.make(row) for row in rows]


def _pages(send: Send, source: _Source[T]) -> list[T] | None:
    """Every object of a list, page by page, or None where a continue token has expired.

    A page may be empty and more follow (Kubernetes API reference, ListMeta); one that holds
    nothing but what came before, or whose token came before, would never end.
    """
    found: list[T] = []
    names: set[str] = set()
    tokens: set[str] = set()
    pages = _Pages(send, source.path, source.query)
    token = ""
    while True:
        body = pages.read(token)
        if body is None:
            return None
        rows, token = source.decode(body)
        del body  # the next page is as large
        # Pages may overlap: an object that moved, or a page that was read anew with another size.
        fresh = {source.name(row): row for row in rows}
        fresh = {name: row for name, row in fresh.items() if name not in names}
        found += [source.make(row) for row in fresh.values()]
        if not token:
            return found
        if token in tokens or (rows and not fresh) or len(tokens) >= _MAX_PAGES:
            raise _endless(source)
        names |= fresh.keys()
        tokens.add(token)
        del rows


def _endless(source: _Source[T]) -> ValueError:
    return ValueError(f"the list {source.path} has no end")


class _Pages:
    """Reads pages. One that a slow line does not bring in time is read again with fewer rows."""

    def __init__(self, send: Send, path: str, query: Mapping[str, str]) -> None:
        self._send = send
        self._path = path
        self._query = query
        self._limit = PAGE

    def read(self, token: str) -> bytes | None:
        """The page that ``token`` continues with, or None where it has expired."""
        while True:
            wanted = {**self._query, "limit": str(self._limit)}
            wanted |= {"continue": token} if token else {}
            try:
                response = self._send("GET", self._path, params=wanted, accepted=frozenset({_GONE}))
            except (TooSlow, TooLarge):
                if self._limit <= SMALLEST_PAGE:
                    raise
                # For the rest of the list: the line does not get faster.
                self._limit = max(self._limit // 4, SMALLEST_PAGE)
            else:
                body: bytes = response.content
                return None if response.status_code == _GONE else body


def labels_of(send: Send, manifest: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The labels of the object of that kind and name, or None where there is none."""
    response = send("GET", _path(manifest), accepted=frozenset({_NOT_FOUND}))
    if response.status_code == _NOT_FOUND:
        return None
    found: Mapping[str, str] = response.json()["metadata"].get("labels") or {}
    return found


def apply(send: Send, manifest: Mapping[str, Any]) -> None:
    """Server-side apply. Another manager's fields are taken over: the object is ackgpu's own."""
    query = {"fieldManager": MANAGER, "force": "true"}
    body = json.dumps(manifest).encode()
    send("PATCH", _path(manifest), params=query, content=body, content_type=_APPLY)


def delete(send: Send, path: str, options: Mapping[str, Any]) -> None:
    """Delete what lies at ``path``; nothing where there is none."""
    body = json.dumps({"apiVersion": "v1", "kind": "DeleteOptions", **options}).encode()
    send("DELETE", path, content=body, accepted=frozenset({_NOT_FOUND}))


def delete_object(send: Send, manifest: Mapping[str, Any]) -> None:
    """Delete an object and, in the background, what it owns."""
    delete(send, _path(manifest), {"propagationPolicy": "Background"})


def delete_pod(send: Send, pod: KubePod, *, grace_seconds: int) -> None:
    """Delete a pod, whose processes get ``grace_seconds`` to end."""
    delete(send, _pod_path(pod), {"gracePeriodSeconds": grace_seconds})


def exec_path(pod: KubePod) -> str:
    """Where commands in the pod are run."""
    return f"{_pod_path(pod)}/exec"


def _pod_path(pod: KubePod) -> str:
    return f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}"


def _path(manifest: Mapping[str, Any]) -> str:
    group, plural = _PATHS[manifest["apiVersion"], manifest["kind"]]
    metadata = manifest["metadata"]
    return f"/{group}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"


def pod_of(row: Mapping[str, Any]) -> KubePod:
    """A pod from its JSON."""
    metadata, status = row["metadata"], row.get("status") or {}
    conditions = {c["type"]: c for c in status.get("conditions") or []}
    ready = (conditions.get("Ready") or {}).get("status") == "True"
    reason, message = ("", "") if ready else _why(status, conditions)
    return KubePod(
        name=metadata["name"],
        namespace=metadata["namespace"],
        node=(row.get("spec") or {}).get("nodeName", ""),
        phase=status.get("phase", "Unknown"),
        ready=ready,
        labels=metadata.get("labels") or {},
        reason=reason,
        message=message,
        terminating="deletionTimestamp" in metadata,
        created=str(metadata.get("creationTimestamp") or ""),
        ip=str(status.get("podIP") or ""),
        controller=_controller(metadata),
        mirror=_MIRROR in (metadata.get("annotations") or {}),
        image=_of_container(status, "image"),
        image_id=_of_container(status, "imageID"),
        local_data=any("emptyDir" in v for v in (row.get("spec") or {}).get("volumes") or []),
    )


def _of_container(status: Mapping[str, Any], key: str) -> str:
    """What the status of the first container says, once it has been started."""
    rows = status.get("containerStatuses") or [{}]
    return str(rows[0].get(key) or "")


def _controller(metadata: Mapping[str, Any]) -> str:
    owners = metadata.get("ownerReferences") or []
    return next((str(owner["kind"]) for owner in owners if owner.get("controller")), "")


def event_of(row: Mapping[str, Any]) -> KubeEvent:
    """An event from its JSON; of a series the newest time."""
    about = row.get("involvedObject") or {}
    name = "/".join(filter(None, (about.get("namespace"), about.get("name"))))
    series = row.get("series") or {}
    seen = (series.get("lastObservedTime"), row.get("lastTimestamp"), row.get("eventTime"))
    return KubeEvent(
        about=f"{about.get('kind', '')} {name}".strip(),
        reason=str(row.get("reason") or ""),
        message=str(row.get("message") or ""),
        count=int(series.get("count") or row.get("count") or 1),
        last_seen=str(next(filter(None, seen), "")),
    )


def deployment_of(row: Mapping[str, Any]) -> DeploymentState:
    """How a Deployment stands, from its JSON."""
    conditions = (row.get("status") or {}).get("conditions") or []
    failed = (c for c in conditions if c["type"] == "ReplicaFailure" and c["status"] == "True")
    return DeploymentState(
        name=row["metadata"]["name"],
        replica_failure=next((str(c.get("message") or c.get("reason")) for c in failed), ""),
    )


def _why(status: Mapping[str, Any], conditions: Mapping[str, Any]) -> tuple[str, str]:
    """Why a pod is not ready: its container's own reason, else the scheduler's, else its own."""
    rows: Sequence[Mapping[str, Any]] = [
        *(status.get("initContainerStatuses") or []),
        *(status.get("containerStatuses") or []),
    ]
    for row in rows:
        state = row.get("state") or {}
        told = state.get("waiting") or state.get("terminated") or {}
        # An init container that completed is no reason.
        if told.get("reason") and told["reason"] != "Completed":
            return str(told["reason"]), _with_last(str(told.get("message") or ""), row)
    scheduled = conditions.get("PodScheduled") or {}
    if scheduled.get("status") == "False":
        return str(scheduled.get("reason") or "Unschedulable"), str(scheduled.get("message") or "")
    return str(status.get("reason") or ""), str(status.get("message") or "")


def _with_last(message: str, row: Mapping[str, Any]) -> str:
    """The message, and how the container ended the last time: that is why it is started again."""
    last = ((row.get("lastState") or {}).get("terminated")) or {}
    if not last:
        return message
    ended = str(last.get("message") or "").strip()
    ended = ended or f"exit code {last.get('exitCode')} ({last.get('reason') or 'no reason given'})"
    return f"{message}; it ended with: {' '.join(ended.split())}" if message else ended
