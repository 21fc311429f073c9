"""An image that nodes cannot be expected to reach is told before anything is paid for."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import Cli

WORDS = "is on Docker Hub, which nodes in cn-hangzhou cannot be expected to reach"
REMEDY = "ACKGPU_IMAGE_REGISTRY, or gpu.sample.registry in the spec"


def spec(tmp_path: Path, *, level: str = "cuda", sample: str = "{}", more: str = "") -> str:
    path = tmp_path / "c.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "nodePools: [{name: gpu, desiredSize: 1}]\n"
        f"gpu: {{sample: {sample}}}\nverify: {{level: {level}}}\n{more}"
    )
    return str(path)


def verdict_of(cli: Cli, *words: str) -> tuple[str, str, str]:
    (row,) = cli("preflight", *words, "--only", "images", "-o", "json").json["checks"]
    return row["verdict"], row["message"], row["remedy"]


@pytest.mark.parametrize("level", ["network", "cuda"])
def test_preflight_and_plan_warn_of_docker_hub_in_mainland_china(
    cli: Cli, tmp_path: Path, level: str
) -> None:
    path = spec(tmp_path, level=level)
    verdict, message, remedy = verdict_of(cli, "-f", path)
    assert verdict == "warning"
    assert WORDS in message
    assert f"verify.level {level} fails once all is paid for" in message
    assert REMEDY in remedy
    (warning,) = [w for w in cli("plan", "-f", path, "-o", "json").json["warnings"] if WORDS in w]
    assert REMEDY in warning
    assert cli.emulator.requests.writes() == []


@pytest.mark.long
def test_create_warns_before_it_makes_anything_and_at_its_end(cli: Cli, tmp_path: Path) -> None:
    ended = cli.ok("create", "-f", spec(tmp_path))
    lines = ended.err.splitlines()
    first = next(number for number, text in enumerate(lines) if WORDS in text)
    assert first < next(number for number, text in enumerate(lines) if "vpc creating" in text)
    assert REMEDY in lines[first]
    assert WORDS in "\n".join(lines[first + 1 :])


@pytest.mark.long
def test_a_quiet_create_warns_too(cli: Cli, tmp_path: Path) -> None:
    assert WORDS in cli.ok("create", "-q", "-f", spec(tmp_path)).err


def test_a_dry_run_warns_once(cli: Cli, tmp_path: Path) -> None:
    warnings = cli("create", "-f", spec(tmp_path), "--dry-run", "-o", "json").json["warnings"]
    assert len([w for w in warnings if WORDS in w]) == 1


@pytest.mark.parametrize(
    ("sample", "verdict"),
    [
        ("{registry: registry.example.com}", "passed"),
        ("{image: 'registry.example.com:5000/cuda:10.1'}", "passed"),
        ("{image: 'nvidia/cuda:10.1-devel-ubuntu18.04'}", "warning"),
        ("{image: 'docker.io/nvidia/cuda:10.1-devel-ubuntu18.04'}", "warning"),
        ("{registry: docker.io}", "warning"),
    ],
)
def test_what_the_spec_names_decides(cli: Cli, tmp_path: Path, sample: str, verdict: str) -> None:
    assert verdict_of(cli, "-f", spec(tmp_path, sample=sample))[0] == verdict


@pytest.mark.long
def test_the_registry_of_the_environment_is_enough(cli: Cli, tmp_path: Path) -> None:
    cli.env["ACKGPU_IMAGE_REGISTRY"] = "registry.example.com"
    assert verdict_of(cli, "-f", spec(tmp_path))[0] == "passed"
    assert WORDS not in cli.ok("create", "-f", spec(tmp_path)).err


@pytest.mark.parametrize("region", ["cn-hongkong", "ap-southeast-1"])
def test_outside_mainland_china_nothing_is_said(cli: Cli, tmp_path: Path, region: str) -> None:
    assert verdict_of(cli, "-f", spec(tmp_path), "--region", region)[0] == "passed"


@pytest.mark.long
def test_without_pods_no_image_is_looked_at(cli: Cli, tmp_path: Path) -> None:
    assert verdict_of(cli, "-f", spec(tmp_path, level="allocatable"))[0] == "skipped"
    assert verdict_of(cli, "-f", spec(tmp_path), "--no-public-endpoint")[0] == "skipped"
    assert WORDS not in cli.ok("create", "-f", spec(tmp_path), "--no-verify").err


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("{registry: 'https://registry.example.com'}", "gpu.sample.registry"),
        ("{registry: 'registry example'}", "gpu.sample.registry"),
        ("{image: 'NVIDIA/CUDA:12'}", "gpu.sample.image"),
        ("{image: 'nvidia/cuda@sha256:12'}", "gpu.sample.image"),
    ],
)
def test_a_name_that_nobody_can_pull_is_refused(
    cli: Cli, tmp_path: Path, sample: str, words: str
) -> None:
    ended = cli("create", "-f", spec(tmp_path, sample=sample))
    assert (ended.code, words in ended.err) == (2, True)
    assert cli.account() == {}


@pytest.mark.long
def test_a_registry_of_the_environment_that_is_none_is_found_before_anything(
    cli: Cli, tmp_path: Path
) -> None:
    cli.env["ACKGPU_IMAGE_REGISTRY"] = "https://registry.example.com"
    ended = cli("create", "-f", spec(tmp_path))
    assert ended.code == 3
    assert "images: 'https://registry.example.com/nvidia/cuda:10.1-cudnn7-devel" in ended.err
    assert cli.account() == {}
