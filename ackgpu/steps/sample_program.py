"""Which CUDA program proves a GPU, how it is built in a container, and whether it passed.

simpleTexture is the program of ACK's page on lightweight GPU workloads. It comes from the package
``cuda-samples-X-Y``, which exists up to CUDA 11.5 and needs a download. The vector addition needs
nothing but ``nvcc``: its source is ackgpu's own, streamed into the container.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ackgpu import flag
from ackgpu.cloud.api import ExecOrder, Executed
from ackgpu.steps.manifests import sample_source

SIMPLE_TEXTURE, VECTOR_ADD = "simpleTexture", "vectorAdd"
BUILD_DIRECTORY = "/tmp/ackgpu-sample"  # noqa: S108 -- in the container
BUILD_SECONDS, PACKAGE_SECONDS, RUN_SECONDS = 300.0, 240.0, 120.0
_RELEASE = re.compile(r"release (\d+)\.(\d+)")
_LAST_PACKAGED = (11, 5)
_PASSED = {
    SIMPLE_TEXTURE: re.compile(r"simpleTexture completed, returned OK"),
    VECTOR_ADD: re.compile(r"Test PASSED"),
}
_DEVICE_SAYS = re.compile(r"error code (cuda\w+)|(cudaError\w+)")


@dataclass(frozen=True)
class Command:
    """A command line for the container's shell, and how it is run."""

    doing: str
    script: str
    order: ExecOrder

    @property
    def words(self) -> tuple[str, ...]:
        """The command as it is executed."""
        return ("sh", "-c", self.script)


def release_of(version: str) -> str:
    """The release in what ``nvcc -V`` prints, such as ``11.4``; empty where there is none."""
    found = _RELEASE.search(version)
    return f"{found.group(1)}.{found.group(2)}" if found else ""


def packaged(release: str) -> bool:
    """Whether NVIDIA packages the samples of that toolkit."""
    major, _, minor = release.partition(".")
    return (int(major), int(minor)) <= _LAST_PACKAGED


def texture_build(release: str) -> Iterator[Command]:
    """How simpleTexture is built, as the documentation does it."""
    package = f"cuda-samples-{release.replace('.', '-')}"
    yield Command(
        f"installing {package}",
        f"apt-get update && apt-get install -y {package}",
        ExecOrder(seconds=PACKAGE_SECONDS),
    )
    yield Command(
        "building simpleTexture",
        f"make -C {_texture_directory(release)}",
        ExecOrder(seconds=BUILD_SECONDS),
    )


def texture_run(release: str) -> Command:
    """How simpleTexture is run: in its directory, where its picture lies."""
    script = f"cd {_texture_directory(release)} && ./{SIMPLE_TEXTURE}"
    return Command(f"running {SIMPLE_TEXTURE}", script, ExecOrder(seconds=RUN_SECONDS))


def vector_build() -> Command:
    """How the vector addition is built from the source that comes over stdin."""
    source = f"{BUILD_DIRECTORY}/vector_add.cu"
    script = (
        f"mkdir -p {BUILD_DIRECTORY} && cat > {source}"
        f" && nvcc -o {BUILD_DIRECTORY}/{VECTOR_ADD} {source}"
    )
    order = ExecOrder(stdin=sample_source(), seconds=BUILD_SECONDS)
    return Command(f"building {VECTOR_ADD}", script, order)


def vector_run() -> Command:
    """How the vector addition is run."""
    script = f"{BUILD_DIRECTORY}/{VECTOR_ADD}"
    return Command(f"running {VECTOR_ADD}", script, ExecOrder(seconds=RUN_SECONDS))


def passed(program: str, done: Executed) -> bool:
    """Whether the program ended well and says itself that its result is right."""
    return done.code == 0 and bool(_PASSED[program].search(done.output))


def why_it_failed(program: str, done: Executed) -> tuple[str, str]:
    """What happened and what to do about it."""
    words = done.errors.strip() or done.output.strip()
    last = words.splitlines()[-1] if words else f"exit code {done.code} and no output"
    said = _DEVICE_SAYS.search(words)
    code = (said.group(1) or said.group(2)) if said else ""
    if code == "cudaErrorInsufficientDriver":
        remedy = (
            f"the image's CUDA is newer than the node's driver runs: {flag.IMAGE} with an"
            " older CUDA, or none, which fits it to the driver"
        )
    elif code == "cudaErrorDevicesUnavailable":
        remedy = "the vGPU is held by another process or has no licence: check the licence server"
    elif code:
        remedy = f"CUDA names it {code}: the driver's log on the node (dmesg, Xid) says more"
    else:
        remedy = "the GPU computed a wrong result: take the node out of use and report the instance"
    return f"{program} failed: {last}", remedy


def _texture_directory(release: str) -> str:
    return f"/usr/local/cuda-{release}/samples/0_Simple/{SIMPLE_TEXTURE}"
