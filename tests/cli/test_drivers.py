"""Who installs the driver: what a pool is made with, what is said of it, what is compared."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from support.cli import Cli

from tests.cli.machines import bodies

SGN = "ecs.sgn7i-vws-m2s.xlarge"
RUNFILE = "NVIDIA-Linux-x86_64-535.161.08-grid.run"
SPEC = """\
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {{name: demo}}
nodePools: [{{name: gpu, instanceTypes: [{type_id}], desiredSize: 1, gpu: {{{gpu}}}}}]
verify: {{level: none}}
"""


def file(tmp_path: Path, gpu: str = "", *, type_id: str = SGN) -> str:
    path = tmp_path / "cluster.yaml"
    path.write_text(SPEC.format(gpu=gpu, type_id=type_id))
    return str(path)


def vgpu(cli: Cli, *words: str) -> list[tuple[str, str]]:
    rows = cli.ok("preflight", *words, "--only", "vgpu", "-o", "json").json["checks"]
    return [(row["verdict"], row["message"]) for row in rows]


@pytest.mark.long
def test_a_pool_of_sgn_is_made_with_the_plugin_and_compared_by_it(cli: Cli, tmp_path: Path) -> None:
    path = file(tmp_path)
    cli.ok("create", "-f", path)
    (pool,) = bodies(cli, "nodepool")
    script = base64.b64decode(pool["kubernetes_config"]["user_data"]).decode()
    assert "acs-plugin-manager --exec --plugin grid_driver_install" in script
    assert cli.ok("create", "-f", path, "-o", "json").json["changed"] is False
    other = cli("create", "-f", file(tmp_path, "driver: none"), "-o", "json")
    assert other.json["error"]["details"] == [
        "nodePools[gpu].gpu.driver: the spec says none, found plugin"
    ]
    exported = tmp_path / "exported.yaml"
    exported.write_text(cli.ok("export", "spec", "demo").out)
    assert cli.ok("create", "-f", str(exported), "-o", "json").json["changed"] is False


@pytest.mark.long
def test_a_runfile_of_a_bucket_is_named_by_acks_labels(cli: Cli, tmp_path: Path) -> None:
    gpu = f"driver: runfile, ossEndpoint: mine.oss-internal.example.com, runfile: {RUNFILE}"
    path = file(tmp_path, gpu)
    cli.ok("create", "-f", path)
    (pool,) = bodies(cli, "nodepool")
    labels = {row["key"]: row["value"] for row in pool["kubernetes_config"]["labels"]}
    assert labels["ack.aliyun.com/nvidia-driver-runfile"] == RUNFILE
    assert labels["ack.aliyun.com/nvidia-driver-oss-endpoint"] == "mine.oss-internal.example.com"
    assert cli.ok("create", "-f", path, "-o", "json").json["changed"] is False
    exported = tmp_path / "exported.yaml"
    exported.write_text(cli.ok("export", "spec", "demo").out)
    assert f"runfile: {RUNFILE}" in exported.read_text()
    assert cli.ok("create", "-f", str(exported), "-o", "json").json["changed"] is False


def test_preflight_says_who_installs_what_and_praises_nothing_unproven(
    cli: Cli, tmp_path: Path
) -> None:
    plugin = "gpu: user data installs the GRID driver of sgn7i-vws by ECS's plugin"
    ((verdict, message),) = vgpu(cli, "-f", file(tmp_path))
    assert (verdict, message.startswith(plugin)) == ("warning", True)
    none = vgpu(cli, "-f", file(tmp_path, "driver: none"))
    assert none == [("warning", "gpu: nobody installs a driver: the nodes will show no GPU")]
    ((verdict, message),) = vgpu(cli, "-f", file(tmp_path, "driver: ack"))
    assert verdict == "warning"
    assert "installs no GRID driver on sgn7i-vws, so nobody does: the nodes will show" in message
    retired, document = vgpu(cli, "-f", file(tmp_path, type_id="ecs.vgn5i-m2.xlarge"))
    assert retired[0] == "warning"
    assert document[1].startswith("gpu: ACK's start-up installs 418.70 on vgn5i")
    ((verdict, message),) = vgpu(cli, "-f", file(tmp_path, type_id="ecs.gn6i-c4g1.xlarge"))
    assert (verdict, message) == ("passed", "gpu: ACK's start-up installs a Tesla driver")


def test_a_way_needs_what_it_takes(cli: Cli, tmp_path: Path) -> None:
    for gpu, words in (
        ("driver: runfile", "gpu.runfile: is required for driver runfile"),
        ("runfile: x.run", "gpu.runfile: is for driver runfile"),
        ("driver: image", "give the imageId of the image that has the driver"),
    ):
        refused = cli("config", "validate", file(tmp_path, gpu))
        assert refused.code == 2
        assert words in refused.err
