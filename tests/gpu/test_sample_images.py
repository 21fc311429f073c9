"""Which image the sample runs in: by the driver that runs, the card, and the registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support.cli import Cli, cli_on

from ackgpu.steps.nvidia_smi import Smi, SmiGpu
from ackgpu.steps.sample_images import SampleImages, pinned

OLD, MIDDLE, NEW = (
    (
        "nvidia/cuda:10.1-cudnn7-devel-ubuntu18.04"
        "@sha256:557de4ba2cb674029ffb602bed8f748d44d59bb7db9daa746ea72a102406d3ec"
    ),
    (
        "nvidia/cuda:11.2.2-devel-ubuntu20.04"
        "@sha256:66af04302040b76bc04dc69bb7216f31d488938caa09dde95a22517ae97bdf25"
    ),
    (
        "nvidia/cuda:12.1.1-devel-ubuntu22.04"
        "@sha256:7012e535a47883527d402da998384c30b936140c05e2537158c80b8143ee7425"
    ),
)


@pytest.mark.parametrize(
    ("cuda", "card", "image"),
    [
        ("10.1", "GRID P4-2Q", OLD),
        ("11.4", "GRID T4-4Q", OLD),
        ("12.2", "Tesla T4", OLD),
        ("11.4", "NVIDIA A10-2Q", MIDDLE),
        ("11.4", "NVIDIA A100-SXM4-80GB", MIDDLE),
        ("12.2", "NVIDIA L20-2Q", NEW),
        ("12.2", "Some Card of 2031", NEW),
        ("11.8", "Some Card of 2031", MIDDLE),
        ("11.4", "NVIDIA L20", MIDDLE),  # its driver is too old for it: the newest that runs
        ("9.0", "GRID P4-2Q", OLD),
    ],
)
def test_the_oldest_image_that_the_card_is_known_to_and_the_driver_runs(
    cuda: str, card: str, image: str
) -> None:
    assert SampleImages().fitting(cuda, card) == image


def test_what_fits_already_is_kept_and_a_named_image_is_never_changed() -> None:
    smi = Smi("470.256.03", "11.4", (SmiGpu("NVIDIA A10-2Q", 2048),))
    assert SampleImages().better_than(OLD, smi) == MIDDLE
    assert SampleImages().better_than(MIDDLE, smi) == ""
    assert SampleImages("mine:1").better_than("mine:1", smi) == ""
    assert SampleImages("mine:1").first == "mine:1"
    assert SampleImages().better_than(OLD, Smi("470.256.03", "", smi.gpus)) == ""


def test_a_registry_takes_docker_hubs_place() -> None:
    images = SampleImages(registry="registry.example.com/mirror/")
    assert images.first == f"registry.example.com/mirror/{OLD}"
    assert images.fitting("12.2", "NVIDIA L20") == f"registry.example.com/mirror/{NEW}"


def test_only_an_image_that_is_not_there_makes_room_for_a_newer_one() -> None:
    images = SampleImages()
    assert images.instead_of(OLD, "manifest unknown: manifest unknown") == MIDDLE
    assert images.instead_of(OLD, "docker.io/nvidia/cuda: not found") == MIDDLE
    assert images.instead_of(NEW, "not found") == ""
    assert images.instead_of(OLD, "dial tcp: i/o timeout") == ""
    assert SampleImages("mine:1").instead_of("mine:1", "not found") == ""


def test_the_digest_that_ran_is_given_with_the_image() -> None:
    digest = "sha256:" + "a" * 64
    assert pinned("nvidia/cuda:10.1", f"docker.io/nvidia/cuda@{digest}") == (
        f"nvidia/cuda:10.1@{digest}"
    )
    assert pinned(f"nvidia/cuda:10.1@{digest}", f"x@{digest}") == f"nvidia/cuda:10.1@{digest}"
    assert pinned("nvidia/cuda:10.1", "") == ""


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    with cli_on(tmp_path / "user", capsys) as shell:
        yield shell


def made(cli: Cli, instance_type: str) -> None:
    words = ("--nodes", "1", "--no-verify", "--instance-type", instance_type)
    cli.ok("create", "demo", *words)
    cli.ok("wait", "demo", "--for", "gpu")


@pytest.mark.long
@pytest.mark.parametrize(
    ("instance_type", "image", "cuda"),
    [
        ("ecs.vgn5i-m2.xlarge", OLD, "10.1"),
        ("ecs.sgn7i-vws-m2s.xlarge", MIDDLE, "11.2"),
        ("ecs.sgn8ia-m2.xlarge", NEW, "12.1"),
    ],
)
def test_the_sample_verify_and_the_manifest_agree_on_the_image(
    cli: Cli, instance_type: str, image: str, cuda: str
) -> None:
    made(cli, instance_type)
    sample = cli.ok("run-sample", "demo", "-o", "json").json
    assert (sample["image"], sample["toolkit"]) == (image, cuda)
    assert sample["imageDigest"] == image, "a default is pinned: what ran is what was named"
    verified = cli.ok("verify", "demo", "--level", "cuda", "-o", "json").json
    ran = [(row["sample"]["image"], row["sample"]["imageDigest"]) for row in verified["nodes"]]
    assert ran == [(image, sample["imageDigest"])]
    manifest = YAML(typ="safe").load(cli.ok("manifest", "sample", "demo").out)
    assert manifest["spec"]["template"]["spec"]["containers"][0]["image"] == image


@pytest.mark.long
def test_the_image_that_ran_can_be_named_by_its_digest(cli: Cli) -> None:
    made(cli, "ecs.vgn5i-m2.xlarge")
    digest = cli.ok("run-sample", "demo", "-o", "json").json["imageDigest"]
    again = cli.ok("run-sample", "demo", "--image", digest, "-o", "json").json
    assert (again["image"], again["imageDigest"]) == (digest, digest)
    other = f"registry.example.com:5000/nvidia/cuda:10.1-devel@sha256:{'5' * 64}"
    for command in (("run-sample", "demo"), ("verify", "demo", "--level", "cuda")):
        ended = cli.ok(*command, "--image", other, "-o", "json").json
        sample = ended if command[0] == "run-sample" else ended["nodes"][0]["sample"]
        assert (sample["image"], sample["imageDigest"]) == (other, other)


@pytest.mark.long
def test_an_image_that_the_registry_no_longer_has_makes_room_for_a_newer_one(cli: Cli) -> None:
    made(cli, "ecs.sgn7i-vws-m2s.xlarge")
    gone = {"kind": "image_pull_backoff", "image": "*cuda:10.1*", "message": "not found"}
    cli.emulator.set_faults({"faults": [gone]})
    assert cli.ok("run-sample", "demo", "-o", "json").json["image"] == MIDDLE
    assert cli("verify", "demo", "--level", "cuda").code == 0


@pytest.mark.long
def test_the_registry_of_the_environment_is_taken_and_named_where_nothing_can_be_pulled(
    cli: Cli,
) -> None:
    made(cli, "ecs.vgn5i-m2.xlarge")
    cli.env["ACKGPU_IMAGE_REGISTRY"] = "registry.example.com"
    assert cli.ok("run-sample", "demo", "-o", "json").json["image"] == f"registry.example.com/{OLD}"
    cli.emulator.set_faults({"faults": [{"kind": "image_pull_backoff"}]})
    ended = cli("run-sample", "demo")
    assert ended.code == 11
    assert f"registry.example.com/{OLD} cannot be pulled" in ended.err
    assert "ACKGPU_IMAGE_REGISTRY" in ended.err


@pytest.mark.long
def test_a_specs_registry_is_taken_by_create(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "nodePools: [{name: gpu, instanceTypes: [ecs.sgn7i-vws-m2s.xlarge], desiredSize: 1}]\n"
        "gpu: {sample: {registry: registry.example.com, timeout: 24h}}\nverify: {level: cuda}\n"
    )
    cli.emulator.set_faults({"faults": [{"kind": "image_pull_backoff", "image": "nvidia/*"}]})
    cli.ok("create", "-f", str(path))
