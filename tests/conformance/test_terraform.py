"""Terraform with the provider alicloud makes, reads back, changes, imports and destroys.

It runs where terraform is installed and ``TERRAFORM_PROVIDER_MIRROR`` names a directory that has
the provider, laid out as a ``filesystem_mirror``. Everything goes through the emulator as a proxy,
so that nothing reaches the real service whatever the provider calls.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import cli_on

from ackgpu.emulator import Emulator
from tests.conformance.life import left_over

HERE = Path(__file__).parent / "terraform"
GUIDE = Path(__file__).parents[2] / "docs" / "emulator.md"


RC = """\
disable_checkpoint = true
provider_installation {{
  filesystem_mirror {{ path = {} }}
}}
"""


class Terraform:
    """A working directory with some of the files, and then the guide's provider."""

    def __init__(self, directory: Path, emulator: Emulator, *files: str) -> None:
        program = shutil.which("terraform") or pytest.skip("terraform is not installed")
        mirror = os.environ.get("TERRAFORM_PROVIDER_MIRROR")
        if mirror is None:
            pytest.skip("TERRAFORM_PROVIDER_MIRROR names no directory with the provider alicloud")
        self._program, self._directory = program, directory
        (directory / "terraform.rc").write_text(RC.format(json.dumps(mirror)))
        for name in files:
            shutil.copy(HERE / name, directory)
        if files:
            (directory / "provider.tf").write_text(provider_of_the_guide())
        (directory / "ca.pem").write_text(emulator.authority)
        self._proxied = {
            "HTTP_PROXY": emulator.endpoint,
            "HTTPS_PROXY": emulator.endpoint,
            "SSL_CERT_FILE": str(directory / "ca.pem"),
            "ALICLOUD_ACCESS_KEY": emulator.access_key_id,
            "ALICLOUD_SECRET_KEY": emulator.access_key_secret,
        }
        self.run("init", env={})

    def run(
        self, command: str, *words: str, expect: int = 0, env: dict[str, str] | None = None
    ) -> str:
        """What a command prints, once it has ended as expected."""
        done = subprocess.run(
            [self._program, command, *words],
            cwd=self._directory,
            env={
                **os.environ,
                "TF_CLI_CONFIG_FILE": str(self._directory / "terraform.rc"),
                **(self._proxied if env is None else env),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def apply(self, *words: str) -> str:
        """Apply, and find nothing left to change."""
        done = self.run("apply", "-auto-approve", *words)
        self.run("plan", "-detailed-exitcode", *words)
        return done

    def destroy(self) -> None:
        self.run("apply", "-destroy", "-auto-approve")

    def import_again(self) -> None:
        """Forget every resource, and import it by its id."""
        state = json.loads((self._directory / "terraform.tfstate").read_text())
        for resource in state["resources"]:
            if resource["mode"] == "managed":
                address = f"{resource['type']}.{resource['name']}"
                self.run("state", "rm", address)
                self.run("import", address, resource["instances"][0]["attributes"]["id"])

    def file(self, name: str) -> str:
        return (self._directory / name).read_text()


def provider_of_the_guide() -> str:
    """The block that docs/emulator.md shows."""
    found = re.search(r"```terraform\n(# provider.tf\n.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


pytestmark = pytest.mark.timeout(600)
"""The provider waits in real seconds, a minute of them for a cluster's tags alone."""


@pytest.fixture
def quick() -> Iterator[Emulator]:
    """An account whose time runs by itself: Terraform waits on the wall clock."""
    with Emulator(speed=600.0, seed=7) as emulator:
        yield emulator


def test_a_network_is_made_changed_imported_and_destroyed(quick: Emulator, tmp_path: Path) -> None:
    terraform = Terraform(tmp_path, quick, "network.tf")
    terraform.apply()
    assert "1 changed" in terraform.apply("-var", "owner=other")
    terraform.import_again()
    terraform.run("plan", "-detailed-exitcode", "-var", "owner=other")
    terraform.destroy()
    assert left_over(quick) == {}


@pytest.mark.long
def test_what_ackgpu_exports_is_taken_over_without_a_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cli_on(tmp_path / "user", capsys) as shell:
        shell.ok("create", "demo", "--no-verify", "--network", "terway",
                 "--instance-type", "ecs.vgn7i-vws-m4.xlarge")  # fmt: skip
        (tmp_path / "demo.tf").write_text(shell.ok("export", "terraform", "demo").out)
        terraform = Terraform(tmp_path, shell.emulator)
        shell.emulator.requests.clear()
        assert "10 imported, 0 added, 1 changed, 0 destroyed" in terraform.apply()
        assert shell.emulator.requests.writes() == []


def test_a_cluster_is_made_changed_and_destroyed(quick: Emulator, tmp_path: Path) -> None:
    terraform = Terraform(tmp_path, quick, "network.tf", "cluster.tf")
    terraform.apply()
    assert "current-context" in terraform.file("kubeconfig")
    (cluster,) = json.loads(terraform.run("output", "-json", "clusters"))
    assert cluster["connections"]["api_server_internet"] == quick.kube_endpoint
    assert len(cluster["worker_nodes"]) == 1
    assert "3 changed" in terraform.apply("-var", "owner=other", "-var", "size=2")
    terraform.destroy()
    assert left_over(quick) == {}
