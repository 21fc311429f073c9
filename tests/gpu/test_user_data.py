"""What runs on a node: the driver's installer, the licence server, the user's script."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ackgpu.spec.model import ClusterSpec, parse
from ackgpu.steps.user_data import DRIVER_LOG, parts_of, user_data_of

SERVER = "license.example.com:7070"
OWN = "#!/usr/bin/env python3\nprint('hello')\n"


def spec_of(*types: str, **pool: Any) -> ClusterSpec:
    return parse({"nodePools": [{"name": "gpu", "instanceTypes": list(types), **pool}]})


def script_of(*types: str, **pool: Any) -> str:
    spec = spec_of(*types, **pool)
    return user_data_of(spec, spec.node_pools[0])


@pytest.mark.parametrize(
    ("type_id", "plugin"),
    [
        ("ecs.sgn7i-vws-m2s.xlarge", "grid_driver_install"),
        ("ecs.vgn7i-vws-m4.xlarge", "grid_driver_install"),
        ("ecs.sgn8ia-m2.xlarge", "gpu_grid_driver_install"),
    ],
)
def test_families_with_a_licence_get_the_grid_driver_by_plugin(type_id: str, plugin: str) -> None:
    script = script_of(type_id)
    assert f"acs-plugin-manager --exec --plugin {plugin} > {DRIVER_LOG}" in script
    assert "ServerAddress" not in script


@pytest.mark.parametrize("type_id", ["ecs.vgn5i-m2.xlarge", "ecs.gn6i-c4g1.xlarge"])
def test_ack_installs_the_driver_of_the_others_itself(type_id: str) -> None:
    assert script_of(type_id) == ""
    assert "acs-plugin-manager" in script_of(type_id, gpu={"driver": "plugin"})


@pytest.mark.parametrize("driver", ["none", "ack"])
def test_another_way_runs_no_plugin(driver: str) -> None:
    assert script_of("ecs.sgn7i-vws-m2s.xlarge", gpu={"driver": driver}) == ""


@pytest.mark.parametrize("driver", ["auto", "plugin"])
@pytest.mark.parametrize("server", ["", SERVER])
@pytest.mark.parametrize("own", ["", OWN])
def test_a_script_is_read_back_as_what_it_was_made_of(driver: str, server: str, own: str) -> None:
    pool = {"gpu": {"driver": driver}, "licenseServer": server, "userData": own}
    script = script_of("ecs.vgn5i-m2.xlarge", **pool)
    plugin = "grid_driver_install" if driver == "plugin" else ""
    assert parts_of(script) == (plugin, server, own)


def test_a_script_that_somebody_changed_is_the_users_as_a_whole() -> None:
    script = script_of("ecs.vgn5i-m2.xlarge", licenseServer=SERVER) + "echo more\n"
    assert parts_of(script) == ("", "", script)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, ["ServerAddress=license.example.com", "ServerPort=7070", "FeatureType=1"]),
        (
            "# kept\n#ServerAddress=\nServerPort=1\nFeatureType=2\nEnableUI=TRUE\n",
            [
                "# kept",
                "ServerAddress=license.example.com",
                "ServerPort=7070",
                "FeatureType=1",
                "EnableUI=TRUE",
            ],
        ),
    ],
)
def test_gridd_conf_is_edited_in_place(
    tmp_path: Path, before: str | None, after: list[str]
) -> None:
    folder, tools = tmp_path / "nvidia", tmp_path / "bin"
    folder.mkdir()
    tools.mkdir()
    (tools / "systemctl").write_text("#!/bin/sh\n")
    (tools / "systemctl").chmod(0o755)
    if before is not None:
        (folder / "gridd.conf").write_text(before)
    script = script_of("ecs.vgn5i-m2.xlarge", licenseServer=SERVER)
    script = script.replace("/etc/nvidia", str(folder))
    env = {"PATH": f"{tools}:/usr/bin:/bin"}
    subprocess.run(["bash", "-c", script], check=True, env=env)
    assert (folder / "gridd.conf").read_text().splitlines() == after
