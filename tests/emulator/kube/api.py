"""A plain HTTPS client of a cluster's API: what is on the wire and nothing more."""

from __future__ import annotations

import http.client
import json
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from ackgpu.emulator import Emulator
from ackgpu.emulator.certificates import authority_pem, client_certificate

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Api:
    """One caller of one cluster. ``cluster_id`` empty: without a certificate."""

    def __init__(self, emulator: Emulator, cluster_id: str = "", token: str = "") -> None:
        self._address = urlsplit(emulator.kube_endpoint).netloc
        self._token = token
        with emulator.backend.transaction(write=True) as session:
            self._context = ssl.create_default_context(cadata=authority_pem(session))
            if cluster_id:
                groups = ["system:users", f"ack:cluster:{cluster_id}"]
                pair = client_certificate(session, "2012345678-1", groups, 1)
                with tempfile.TemporaryDirectory() as directory:
                    chain = Path(directory, "client.pem")
                    chain.write_text("".join(pair))
                    self._context.load_cert_chain(chain)

    def __call__(  # noqa: PLR0913 -- a request, all of it by name
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        accept: str = "application/json",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        headers = {"Accept": accept, "User-Agent": "test/1", **(headers or {})}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = content_type
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        target = f"{path}?{urlencode(query)}" if query else path
        connection = http.client.HTTPSConnection(self._address, context=self._context, timeout=30)
        try:
            connection.request(method, target, data, headers)
            answer = connection.getresponse()
            raw = answer.read()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, raw)
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Any:
        """The body of a GET that must succeed."""
        answer = self("GET", path, **query)
        assert answer.status == 200, answer.raw
        return answer.body

    def create(self, path: str, body: Any) -> Any:
        """The body of a POST that must succeed."""
        answer = self("POST", path, body)
        assert answer.status == 201, answer.raw
        return answer.body

    def events(self, path: str, seconds: int = 1, **query: Any) -> list[Any]:
        """What a watch of so many seconds says."""
        answer = self("GET", path, watch="true", timeoutSeconds=seconds, **query)
        assert answer.status == 200, answer.raw
        return [json.loads(line) for line in answer.raw.splitlines()]

    @contextmanager
    def following(self, path: str, **query: Any) -> Iterator[Iterator[Any]]:
        """The events of a watch, one by one, as they come."""
        connection = http.client.HTTPSConnection(self._address, context=self._context, timeout=20)
        try:
            words = urlencode({"watch": "true", "timeoutSeconds": 20, **query})
            connection.request("GET", f"{path}?{words}", headers={"Accept": "application/json"})
            answer = connection.getresponse()
            yield (json.loads(line) for line in iter(answer.readline, b""))
        finally:
            connection.close()


def pod(name: str = "p", *command: str, **spec: Any) -> dict[str, Any]:
    """A pod of one container ``c`` that runs the command."""
    resources = {"limits": spec.pop("limits")} if "limits" in spec else {}
    image = spec.pop("image", "nvidia/cuda:11.4.3-devel-ubuntu20.04")
    container = {"name": "c", "image": image, "resources": resources}
    if command:
        container["command"] = list(command)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container], **spec},
    }


def deployment(name: str = "d", replicas: int = 1, **spec: Any) -> dict[str, Any]:
    """A Deployment of pods that sleep."""
    template = pod("", "sleep", "infinity", **spec)["spec"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": template},
        },
    }


PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
NODES = "/api/v1/nodes"
GPU_LIMIT = {"nvidia.com/gpu": "1"}
