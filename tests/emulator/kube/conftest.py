"""Clusters made through documents alone, and kubectl to ask them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightkube
import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.clusters import kubeconfig_of, write_cluster, write_node

KUBECTL = [name for name in os.environ.get("KUBECTL", "kubectl").split(os.pathsep) if name]
"""The builds of kubectl to test with; the environment variable may name several."""


@pytest.fixture
def cluster(emulator: Emulator) -> str:
    """A running cluster without nodes, on a clock that moves when told to."""
    return write_cluster(emulator)


@pytest.fixture
def fast() -> Iterator[Emulator]:
    """An emulator whose time runs 100 times as fast: for clients that wait by themselves."""
    with Emulator(speed=100, seed=7) as emulator:
        yield emulator


@dataclass
class Kubectl:
    """Runs kubectl against one cluster."""

    program: str
    kubeconfig: Path

    @property
    def called(self) -> list[str]:
        cache = str(self.kubeconfig.parent / "cache")
        return [self.program, "--kubeconfig", str(self.kubeconfig), "--cache-dir", cache]

    @property
    def env(self) -> dict[str, str]:
        return {"HOME": str(self.kubeconfig.parent), "PATH": os.environ["PATH"]}

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.called, *arguments], input=stdin, capture_output=True, text=True, timeout=60,
            check=False, env=self.env,
        )  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.called, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=self.env,
        )  # fmt: skip

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "-o", "json"))


@pytest.fixture(params=KUBECTL)
def kubectl(request: pytest.FixtureRequest, fast: Emulator, tmp_path: Path) -> Kubectl:
    """kubectl with the kubeconfig of a cluster of two ready GPU nodes."""
    program = shutil.which(request.param)
    if program is None:
        pytest.skip(f"{request.param} is not installed: nothing was asked of the real client")
    cluster_id = write_cluster(fast)
    for index in range(2):
        write_node(fast, cluster_id, index)
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig_of(fast, cluster_id))
    return Kubectl(program, path)


@pytest.fixture
def client(emulator: Emulator, cluster: str, clock: ManualClock) -> lightkube.Client:
    """lightkube, connected to the empty cluster."""
    text = kubeconfig_of(emulator, cluster)
    config = lightkube.KubeConfig.from_dict(json.loads(text))
    return lightkube.Client(config=config)


def decoded(text: str) -> str:
    """Base64 text, decoded."""
    return base64.b64decode(text).decode()
