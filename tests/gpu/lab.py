"""A cluster written down as documents, and a user who verifies it by its kubeconfig."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from emulator.kube.api import Api
from emulator.kube.clusters import kubeconfig_of, write_cluster, write_node
from support.cli import Cli, Ended, cli_on

SPEED = 600.0


@dataclass
class Lab:
    """The shell, the cluster and its kubeconfig."""

    cli: Cli
    cluster_id: str
    path: Path
    nodes: list[str] = field(default_factory=list)

    def add_node(self, **body: Any) -> str:
        """Another node; ``body`` overrides its document."""
        name = write_node(self.cli.emulator, self.cluster_id, len(self.nodes), **body)
        self.nodes.append(name)
        return name

    def faults(self, *entries: dict[str, Any]) -> None:
        """Put these faults in force."""
        self.cli.emulator.set_faults({"faults": list(entries)})

    def runs(self, version: str) -> None:
        """Let the cluster be of that Kubernetes version."""
        with self.cli.emulator.backend.transaction(write=True) as session:
            [cluster] = session.find("cluster")
            cluster.body["versions"] = [[cluster.created_at, version]]
            session.put(cluster)

    def verify(self, *arguments: str) -> Ended:
        """Verify the cluster."""
        return self.cli("verify", "--kubeconfig", str(self.path), *arguments)

    def rungs(self, *arguments: str) -> tuple[Ended, list[dict[str, dict[str, Any]]]]:
        """Verify with a JSON document; the rungs of each node by name."""
        ended = self.verify("-o", "json", *arguments)
        nodes = ended.json["nodes"]
        return ended, [{rung["name"]: rung for rung in node["rungs"]} for node in nodes]

    @property
    def api(self) -> Api:
        """A plain HTTPS client of the cluster."""
        return Api(self.cli.emulator, self.cluster_id)

    def deployments(self) -> list[str]:
        """The Deployments in the namespace default."""
        rows = self.api.get("/apis/apps/v1/namespaces/default/deployments")["items"]
        return [row["metadata"]["name"] for row in rows]


@contextmanager
def lab_on(
    home: Path, capsys: pytest.CaptureFixture[str], nodes: int = 2, **options: Any
) -> Iterator[Lab]:
    """A fresh emulated account with a running cluster."""
    with cli_on(home, capsys, speed=SPEED, **options) as cli:
        cluster_id = write_cluster(cli.emulator)
        path = home / "kubeconfig.yaml"
        path.write_text(kubeconfig_of(cli.emulator, cluster_id))
        made = Lab(cli, cluster_id, path)
        for _ in range(nodes):
            made.add_node()
        yield made
