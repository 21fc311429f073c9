"""Out of stock: the commands that would find some are printed, and run as they are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from support.cli import Cli, Ended

GONE = {"kind": "stock_out", "instance_type": "ecs.vgn5i-m2.xlarge"}


def remedies(ended: Ended) -> list[list[str]]:
    """The words of each create that a resolution names before it tells how to go on."""
    lines = ended.json["error"]["resolution"].splitlines()[:-1]
    found = [re.match(r"`ackgpu (create [^`]+)`: ", line) for line in lines]
    return [shlex.split(match[1]) for match in found if match]


def sold_out(cli: Cli, *, announced: bool) -> Ended:
    """A create that finds no stock in its region."""
    zones = [f"cn-hangzhou-{letter}" for letter in "bghijk"]
    faults = [{**GONE, "zone": zone, "announced": announced} for zone in zones]
    cli.emulator.set_faults({"faults": faults})
    kind = ("--instance-type", "ecs.vgn5i-m2.xlarge")
    refused = cli("create", "demo", "--nodes", "1", *kind, "-o", "json")
    assert refused.code == 8
    return refused


@pytest.mark.long
@pytest.mark.parametrize("announced", [True, False])
def test_the_nearest_type_with_its_zone_is_a_command_that_works(
    cli: Cli, *, announced: bool
) -> None:
    line = remedies(sold_out(cli, announced=announced))[0]
    assert line[-4] == "--instance-type"
    assert line[-2] == "--zone"
    assert cli.ok(*line).json["nodePools"][0]["healthy"] == 1


@pytest.mark.long
@pytest.mark.parametrize("announced", [True, False])
def test_so_is_the_nearest_region_with_the_same_type(cli: Cli, *, announced: bool) -> None:
    line = remedies(sold_out(cli, announced=announced))[1]
    assert line[-2] == "--region"
    assert cli.ok(*line).json["nodePools"][0]["healthy"] == 1


@pytest.mark.long
def test_in_a_file_the_name_is_replaced_as_well(cli: Cli, tmp_path: Path) -> None:
    spec = cli.ok("config", "init", "demo", "--nodes", "1").out
    (tmp_path / "cluster.yaml").write_text(spec)
    faults = [{**GONE, "zone": f"cn-hangzhou-{z}", "announced": False} for z in "jk"]
    cli.emulator.set_faults({"faults": faults})
    refused = cli("create", "-f", str(tmp_path / "cluster.yaml"), "-o", "json")
    for line in remedies(refused):
        cli.ok(*line)
