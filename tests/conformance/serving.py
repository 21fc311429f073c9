"""An ``emulator serve`` of its own process, and signed requests to it without any SDK."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ackgpu.emulator.wire import WireRequest
from tests.conformance.life import REGION, VERSIONS
from tests.support.signing import acs3

SERVE = "from pathlib import Path; from ackgpu.emulator.serve import serve; serve(Path({!r}), {})"


def start(state: Path, options: str = "speed=3600.0") -> subprocess.Popen[str]:
    """A server on ``state``; it does not answer yet."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVE.format(str(state), options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@contextmanager
def announced(process: subprocess.Popen[str]) -> Iterator[str]:
    """The endpoint of a server that was started; it is killed at the end."""
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["endpoint"]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Wire:
    """One kept connection. Every call gives the answer's status and its JSON."""

    def __init__(self, endpoint: str) -> None:
        self._host = urlsplit(endpoint).netloc
        self._connection = http.client.HTTPConnection(self._host, timeout=30)

    def rpc(self, product: str, action: str, **parameters: str) -> tuple[int, Any]:
        own = {"RegionId": REGION} | parameters
        return self.send(acs3(action, VERSIONS[product], own, host=self._host))

    def cs(self, action: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        content = json.dumps(body).encode() if body is not None else b""
        return self.send(
            acs3(action, VERSIONS["cs"], method=method, path=path, body=content, host=self._host)
        )

    def send(self, request: WireRequest) -> tuple[int, Any]:
        headers = {"Host": self._host} | {k: v for k, v in request.headers if k != "host"}
        self._connection.request(request.method, request.target, request.body, headers)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())

    def close(self) -> None:
        self._connection.close()
