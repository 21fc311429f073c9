"""Node images and Kubernetes versions: what does not fit is refused before anything is paid for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cli import Cli

from tests.cli.machines import bodies

OPTIMIZED = "AliyunLinux3ContainerOptimized"
SMALL = ("--nodes", "1", "--no-verify")
SPEC = """\
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {{name: demo{version}}}
nodePools: [{{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1, {pool}}}]
verify: {{level: none}}
"""


def file(tmp_path: Path, pool: str, *, version: str = "") -> str:
    path = tmp_path / "cluster.yaml"
    named = f', version: "{version}"' if version else ""
    path.write_text(SPEC.format(pool=pool, version=named))
    return str(path)


def image_types(cli: Cli) -> list[str]:
    return [body["scaling_group"]["image_type"] for body in bodies(cli, "nodepool")]


@pytest.mark.long
def test_the_image_is_acks_own_for_the_version(cli: Cli) -> None:
    cli.ok("create", "demo", *SMALL)
    assert image_types(cli) == [OPTIMIZED]
    assert cli.ok("create", "demo", *SMALL, "-o", "json").json["changed"] is False


def test_plain_alinux_3_is_refused_for_the_newest_version(cli: Cli, tmp_path: Path) -> None:
    path = file(tmp_path, "imageType: AliyunLinux3")
    for verb in ("plan", "create"):
        refused = cli(verb, "-f", path, "-o", "json")
        assert refused.code == 3
        (detail,) = refused.json["error"]["details"]
        assert detail.startswith("nodePools[gpu].imageType: AliyunLinux3 boots with cgroup v1")
    assert cli.account() == {}


def test_a_spec_that_names_the_version_is_refused_at_its_line(cli: Cli, tmp_path: Path) -> None:
    refused = cli("config", "validate", file(tmp_path, "imageType: CentOS", version="1.34"))
    assert refused.code == 2
    assert "nodePools[0].imageType: CentOS runs Kubernetes below 1.30 only" in refused.err
    refused = cli("config", "validate", file(tmp_path, "imageType: AliyunLinux3", version="1.35"))
    assert "AliyunLinux3 boots with cgroup v1" in refused.err
    assert cli("config", "validate", file(tmp_path, "imageType: AliyunLinux3")).code == 0


@pytest.mark.long
def test_nodepool_add_refuses_what_the_cluster_does_not_run(cli: Cli) -> None:
    cli.ok("create", "demo", *SMALL)
    words = ("nodepool", "add", "demo", "plain", "--nodes", "1", "--image-type", "AliyunLinux3")
    refused = cli(*words)
    assert refused.code == 3
    assert "boots with cgroup v1" in " ".join(refused.err.split())
    assert len(cli.account()["nodepool"]) == 1


@pytest.mark.long
def test_an_upgrade_says_which_pools_must_move_first_and_how(cli: Cli, tmp_path: Path) -> None:
    cli.ok("create", "-f", file(tmp_path, "imageType: AliyunLinux3", version="1.34"))
    for words in ((), ("--node-pools",)):
        refused = cli("upgrade", "demo", "--to", "1.35", "--yes", *words, "-o", "json")
        assert refused.code == 3
        error = refused.json["error"]
        assert error["details"][0].startswith("gpu: AliyunLinux3 boots with cgroup v1")
        assert (
            "`ackgpu nodepool add demo gpu-2 --instance-type ecs.vgn5i-m2.xlarge --nodes 1"
            f" --image-type {OPTIMIZED}`"
        ) in error["resolution"]
        assert "`ackgpu nodepool delete demo gpu`" in error["resolution"]
    cli.ok("nodepool", "add", "demo", "gpu-2", "--instance-type", "ecs.vgn5i-m2.xlarge",
           "--nodes", "1", "--image-type", OPTIMIZED)  # fmt: skip
    cli.ok("nodepool", "delete", "demo", "gpu", "--yes")
    cli.ok("upgrade", "demo", "--to", "1.35", "--yes")


@pytest.mark.long
def test_containerd_1_is_refused_for_the_newest_version_and_moves_before_an_upgrade(
    cli: Cli, tmp_path: Path
) -> None:
    old = "runtime: {version: 1.6.39}"
    refused = cli("create", "-f", file(tmp_path, old, version="auto"), "-o", "json")
    assert refused.code == 3
    (detail,) = refused.json["error"]["details"]
    assert detail.startswith(
        "nodePools[gpu].runtime.version: Kubernetes runs only with containerd 2"
    )
    assert cli.account() == {}
    named = cli("plan", "-f", file(tmp_path, old, version="1.36"))
    assert (named.code, "runtime.version" in named.err) == (2, True)
    cli.ok("create", "-f", file(tmp_path, old, version="1.35"), "--no-verify")
    stuck = cli("upgrade", "demo", "--to", "1.36", "--yes", "-o", "json")
    assert stuck.code == 3
    assert stuck.json["error"]["details"][0].startswith(
        "gpu: Kubernetes runs only with containerd 2"
    )
    assert "`ackgpu nodepool add demo gpu-2 " in stuck.json["error"]["resolution"]


@pytest.mark.long
def test_a_pool_names_the_runtime_that_its_cluster_has(cli: Cli, tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    for words in (("create", "demo", *SMALL), ("nodepool", "add", "demo", "more", "--nodes", "0")):
        cli.ok(*words, "--record", str(record))
        rows = [json.loads(line) for line in record.read_text().splitlines()]
        (sent,) = [r["sent"] for r in rows if r.get("call") == "CreateClusterNodePool"]
        named = sent["body"]["kubernetes_config"]
        assert (named["runtime"], named["runtime_version"]) == ("containerd", "2.1.9")


@pytest.mark.long
def test_nodes_of_an_image_with_cgroup_v1_never_become_ready(cli: Cli, tmp_path: Path) -> None:
    raw = "raw: {scaling_group: {image_type: AliyunLinux3}}"
    ended = cli("create", "-f", file(tmp_path, raw))
    assert ended.code == 11
    assert "kubelet does not report the node as ready" in ended.err


@pytest.mark.long
def test_an_image_of_ones_own_is_asked_for_by_its_id(cli: Cli, tmp_path: Path) -> None:
    path = file(tmp_path, "imageId: m-bp1mine")
    cli.ok("create", "-f", path)
    (pool,) = bodies(cli, "nodepool")
    group = pool["scaling_group"]
    assert (group["image_id"], group["image_type"]) == ("m-bp1mine", "Custom")
    assert cli.ok("create", "-f", path, "-o", "json").json["changed"] is False
    other = cli("create", "-f", file(tmp_path, "imageId: m-bp1other"), "-o", "json")
    assert other.code == 6
    assert other.json["error"]["details"] == [
        "nodePools[gpu].imageId: the spec says m-bp1other, found m-bp1mine"
    ]
    exported = cli.ok("export", "spec", "demo").out
    assert "imageId: m-bp1mine" in exported
    assert 'image_id = "m-bp1mine"' in " ".join(cli.ok("export", "terraform", "demo").out.split())


def test_a_custom_image_needs_its_id(cli: Cli, tmp_path: Path) -> None:
    refused = cli("config", "validate", file(tmp_path, "imageType: Custom"))
    assert refused.code == 2
    assert "give its imageId" in refused.err
