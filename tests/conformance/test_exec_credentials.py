"""Other clients of Kubernetes than kubectl take the credentials of ``kubeconfig write --exec``."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import Cli, cli_on

from tests.conformance.node_clients import HERE, NodeClient, node

FETCH = "DescribeClusterUserKubeconfig"
SECONDS = 3
LIST_NODES = """
from kubernetes import client, config
config.load_kube_config()
print(*[node.metadata.name for node in client.CoreV1Api().list_node().items])
"""


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell whose cluster's kubeconfig asks ackgpu, which gets what holds three seconds."""
    with cli_on(tmp_path / "user", capsys) as cli:
        cli.ok("create", "demo", "--no-verify")
        cli.ok("kubeconfig", "write", "demo", "--exec", "--set-context")
        short = {"kind": "short_certificates", "seconds": SECONDS}
        cli.emulator.set_faults({"faults": [short]})
        cli.emulator.requests.clear()
        yield cli


def environment(cli: Cli) -> dict[str, str]:
    return {**cli.env, "PATH": os.environ["PATH"], "KUBECONFIG": str(cli.kubeconfig)}


def fetches(cli: Cli) -> int:
    return [entry.action for entry in cli.emulator.requests].count(FETCH)


def end_of(cli: Cli) -> str:
    [path] = (cli.home / "state" / "credentials").glob("demo.*.json")
    return str(json.loads(path.read_text())["end"])


def until_past(end: str) -> None:
    """Let the real clock, which TLS goes by, pass the end of a certificate."""
    from ackgpu.credential_cache import now

    while now() <= end:
        pass


@pytest.mark.long
def test_the_python_client_gets_a_new_one_past_the_end(shell: Cli) -> None:
    if importlib.util.find_spec("kubernetes") is None:
        pytest.skip("the package kubernetes is not installed: nothing was asked of it")
    shell.ok("kubeconfig", "credential", "demo", "--region", "cn-hangzhou")
    until_past(end_of(shell))
    shell.emulator.set_faults({"faults": []})
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LIST_NODES],
        env=environment(shell), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert told.stdout.split()
    assert fetches(shell) == 2


def test_the_node_client_gets_a_new_one_past_the_end_in_one_process(shell: Cli) -> None:
    if not (HERE / "node_modules" / "@kubernetes" / "client-node").is_dir():
        pytest.skip("@kubernetes/client-node is not installed: run npm install in that folder")
    with node("kube.cjs", {"kubeconfig": str(shell.kubeconfig)}, **environment(shell)) as process:
        client = NodeClient(process)
        first = client.ask({})
        until_past(end_of(shell))
        assert client.ask({}) == first != []
    assert fetches(shell) == 2
