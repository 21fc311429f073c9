"""The official Node SDKs behind wire names: a node process that a pipe leads to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.life import PATHS, REGION, VERSIONS, Refused

HERE = Path(__file__).parent / "node"


class NodeClient:
    """Asks one of the scripts in ``node/``, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, request: Mapping[str, Any]) -> Any:
        """The body of the answer; :class:`Refused` for an error of the SDK."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "node ended without an answer"
        answer = json.loads(line)
        if "body" not in answer:
            raise Refused(f"{answer['code'] or answer['message']}", answer["status"])
        return answer["body"]


class NodeTea(NodeClient):
    """@alicloud/vpc20160428, ecs20140526, cs20151215."""

    def rpc(self, product: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        request = {"product": product, "action": action, "path": [], "parameters": parameters}
        return dict(self.ask(request))

    def roa(
        self,
        action: str,
        path: tuple[str, ...],
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
    ) -> Any:
        parameters = {**query, **(body or {})}
        return self.ask({"product": "cs", "action": action, "path": path, "parameters": parameters})


class PopCore(NodeClient):
    """@alicloud/pop-core, which knows no operation and signs whatever it is told."""

    method = "GET"

    def rpc(self, product: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        request = {"version": VERSIONS[product], "action": action, "method": self.method}
        return dict(self.ask(request | {"parameters": parameters}))

    def roa(
        self,
        action: str,
        path: tuple[str, ...],
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
    ) -> Any:
        method, template = PATHS[action]
        request = {"version": VERSIONS["cs"], "method": method, "path": template.format(*path)}
        return self.ask(request | {"query": {"RegionId": REGION, **query}, "body": body})


class PopCorePost(PopCore):
    """The same, with parameters in a form."""

    method = "POST"


@contextmanager
def node(script: str, settings: Mapping[str, Any], **env: str) -> Iterator[subprocess.Popen[str]]:
    """A node process that runs ``script``; the test skips where node or its packages are absent."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("the npm packages are not installed: run npm install in tests/conformance/node")
    process = subprocess.Popen(
        [program, "--no-deprecation", script, json.dumps(settings)],
        cwd=HERE,
        env={**os.environ, **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()
