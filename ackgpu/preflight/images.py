"""Whether nodes reach the registry of the image that a verification starts pods from.

The sample's images are on Docker Hub unless a registry is named, and nodes in mainland China often
do not reach it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu import flag
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Target
from ackgpu.regions import is_mainland
from ackgpu.spec.rules.syntax import problem_with_image_name
from ackgpu.steps.sample_images import images_of

ID = "images"
OF_PODS = frozenset({"network", "cuda"})
"""Levels of a verification that start pods."""
_FIX = (
    "Copy the image into a registry that the nodes reach, and name that: ACKGPU_IMAGE_REGISTRY, or"
    f" gpu.sample.registry in the spec. Or verify later: {flag.NO_VERIFY}."
)


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    del facts
    spec = target.spec
    if spec.verify.level not in OF_PODS or not spec.cluster.endpoint_public_access:
        yield CheckFinding(ID, "skipped", "no pod is started")
        return
    image = images_of(spec.gpu.sample, target.image_registry).first
    problem = problem_with_image_name(image)
    if problem:
        fix = "Name a registry by its host: ACKGPU_IMAGE_REGISTRY, or gpu.sample.registry."
        yield CheckFinding(ID, "error", problem, "", fix)
        return
    if not is_mainland(target.region) or not _on_docker_hub(image):
        yield CheckFinding(ID, "ok", f"{image} in {target.region}")
        return
    what = f"{image} is on Docker Hub, which nodes in {target.region} cannot be expected to reach"
    why = f"without the image verify.level {spec.verify.level} fails once all is paid for"
    yield CheckFinding(ID, "warning", what, why, _FIX, at_once=True)


def _on_docker_hub(image: str) -> bool:
    """Whether the image's name has no other registry's host before its first slash."""
    host, slash, _ = image.partition("/")
    other = bool(slash) and ("." in host or ":" in host or host == "localhost")
    return not other or host in {"docker.io", "index.docker.io", "registry-1.docker.io"}


CHECK = Check(ID, _judge)
