"""Which images and runtimes run which Kubernetes versions."""

from __future__ import annotations

import pytest

from ackgpu.spec.images import default_image_type, problem_with_containerd, problem_with_image

OPTIMIZED = "AliyunLinux3ContainerOptimized"


@pytest.mark.parametrize(
    ("version", "image_type"),
    [
        ("1.33.9-aliyun.1", "AliyunLinux3"),
        ("1.34.10-aliyun.1", OPTIMIZED),
        ("1.36", OPTIMIZED),
        ("auto", OPTIMIZED),
    ],
)
def test_the_default_is_acks_own(version: str, image_type: str) -> None:
    assert default_image_type(version) == image_type


@pytest.mark.parametrize(
    ("image_type", "last", "first_without"),
    [
        ("AliyunLinux3", "1.34.10-aliyun.1", "1.35.7-aliyun.1"),
        ("AliyunLinux3Security", "1.34", "1.35"),
        ("AliyunLinux", "1.29.9", "1.30.1"),
        ("CentOS", "1.29", "1.30"),
    ],
)
def test_an_image_ends_with_a_version(image_type: str, last: str, first_without: str) -> None:
    assert problem_with_image(image_type, last) == ""
    assert image_type in problem_with_image(image_type, first_without)
    assert problem_with_image(image_type, "auto") == ""


@pytest.mark.parametrize("image_type", [OPTIMIZED, "ContainerOS", "Ubuntu", "Custom", "auto"])
def test_others_run_every_version(image_type: str) -> None:
    assert problem_with_image(image_type, "1.36.2-aliyun.1") == ""


@pytest.mark.parametrize(
    ("runtime", "version", "refused"),
    [
        ("1.6.39", "1.35.7-aliyun.1", False),
        ("1.6.39", "1.36.2-aliyun.1", True),
        ("1.6.39", "auto", False),
        ("2.1.9", "1.36", False),
        ("", "1.36", False),
    ],
)
def test_containerd_1_ends_before_1_36(runtime: str, version: str, *, refused: bool) -> None:
    assert ("only with containerd 2" in problem_with_containerd(runtime, version)) is refused
