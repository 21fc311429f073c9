"""What a spec names by its id and is not there is told alike, before anything is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import Cli, cli_on

from tests.cli.test_security_group import network

SPEC = """\
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {{name: demo}}
network:
  vpc: {{id: {vpc}}}
  vswitches: [{{id: {vswitch}}}]
  securityGroupId: {group}
  nat: {{create: false{nat}}}
"""
ABSENT = ("vpc-none", "vsw-none", "sg-none", "ngw-none")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell on an account with somebody else's network."""
    with cli_on(tmp_path / "user", capsys, scenario=network("normal")) as made:
        yield made


def spec_of(cli: Cli, absent: str) -> str:
    found = cli.account()
    ids = {"vpc": found["vpc"][0], "vswitch": found["vswitch"][0], "nat": ""}
    ids["group"] = found["securitygroup"][0]
    if absent == "ngw-none":
        ids["nat"] = ", id: ngw-none"
    else:
        ids[{"vpc": "vpc", "vsw": "vswitch", "sg": "group"}[absent.partition("-")[0]]] = absent
    path = cli.home / "cluster.yaml"
    path.write_text(SPEC.format(**ids))
    return str(path)


@pytest.mark.long
@pytest.mark.parametrize("absent", ABSENT)
def test_what_is_given_and_not_there_is_3_by_every_command(cli: Cli, absent: str) -> None:
    path = spec_of(cli, absent)
    before = cli.account()
    for command in ("preflight", "plan", "create"):
        ended = cli(command, "-f", path, *(["--yes"] if command == "create" else []))
        assert ended.code == 3, (command, ended.err)
        assert absent in ended.out + ended.err
    assert cli.account() == before
