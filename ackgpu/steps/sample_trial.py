"""The trial of one GPU: what is looked at and run in the sample's container, one move at a time.

A trial is a generator: each move runs one command and yields what it is about to do next; its
value is the outcome. So a run over many nodes shows where each one is, and stops between moves.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, replace

from ackgpu.cloud.api import ExecOrder, Executed, KubeApi, KubePod
from ackgpu.errors import AckGpuError
from ackgpu.spec.catalog import MEM_LABEL, NAME_LABEL
from ackgpu.steps import sample_program as program
from ackgpu.steps.gpu_ladder import Rung
from ackgpu.steps.nvidia_smi import (
    QUERY,
    Smi,
    SmiGpu,
    as_label,
    is_licensed,
    parse_csv,
    parse_license,
    parse_table,
    trouble,
)

LICENSE_LOOKS = 30
"""How often an unlicensed vGPU is looked at: after its start it takes up to a minute to get one."""
DRIVER_REMEDY = (
    "the driver on the node does not work: see ACK's page on GPU driver versions, then replace the"
    " node (`ackgpu nodepool scale NAME POOL --nodes N`), pinning the driver by the pool's label"
    " ack.aliyun.com/nvidia-driver-version"
)
LICENSE_REMEDY = (
    "vgn5i and vgn6i need a licence server of your own: gpu.licenseServer in the spec, or"
    " ServerAddress in /etc/nvidia/gridd.conf on the node and a restart of nvidia-gridd; without"
    " one NVIDIA throttles the vGPU after 20 minutes"
)
SLICE_REMEDY = "the container sees another slice than its node's label says: report the instance"


@dataclass(frozen=True)
class SampleOutcome:
    """What the trial of a node's GPU came to. ``rungs`` are driver and cuda.

    ``error`` is what kept the trial from being made, which says nothing of the GPU.
    """

    node: str
    rungs: tuple[Rung, Rung]
    gpu: str = ""
    memory_mib: int | None = None
    driver: str = ""
    cuda: str = ""
    toolkit: str = ""
    license: str = ""
    program: str = ""
    output: str = ""
    error: AckGpuError | None = None

    @property
    def ok(self) -> bool:
        """Whether both rungs passed."""
        return all(rung.verdict == "passed" for rung in self.rungs)


def not_tried(node: str, error: AckGpuError) -> SampleOutcome:
    """The outcome where no trial could be made, so that nothing is known from the driver on."""
    unknown = Rung("driver", "unknown", error.message, error.resolution or "")
    return SampleOutcome(node, (unknown, Rung("cuda", "skipped")), error=error)


def no_container(node: str, message: str) -> SampleOutcome:
    """The outcome where the container runtime cannot start a container with the GPU."""
    failed = Rung("driver", "failed", message, DRIVER_REMEDY)
    return SampleOutcome(node, (failed, Rung("cuda", "skipped")))


@dataclass(frozen=True)
class Box:
    """The running container of a trial. ``labels`` are its node's; none are compared where empty.

    ``packages``: the documented sample may be downloaded. ``hear`` is told what commands print.
    """

    api: KubeApi
    pod: KubePod
    labels: Mapping[str, str]
    packages: bool = False
    hear: Callable[[str], None] | None = None

    def run(self, *words: str, order: ExecOrder | None = None) -> Executed:
        """Run a command in the container; what it prints is heard."""
        order = replace(order or ExecOrder(), hear=self.hear)
        return self.api.execute(self.pod, words, order)

    def look(self, *words: str) -> Executed:
        """Run a command whose output is for the program alone."""
        return self.api.execute(self.pod, words)


Moves = Generator[str, None, SampleOutcome]


def trial(box: Box) -> Moves:
    """Look at driver and licence, build a CUDA program, run it and judge its result."""
    yield "nvidia-smi"
    shown = box.run("nvidia-smi")
    why = trouble(shown)
    if why:
        return no_container(box.pod.node, why)
    smi = _values(box, shown)
    if smi is None or not smi.gpus:
        return no_container(box.pod.node, "nvidia-smi shows no GPU")
    found = _found(box, smi)
    wrong = _against_labels(smi.gpus[0], box.labels)
    if wrong:
        return replace(found, rungs=_stopped(wrong, SLICE_REMEDY))
    found = yield from _licensed(box, found)
    if found.rungs[0].verdict != "passed":
        return found
    yield "nvcc -V"
    version = box.run("nvcc", "-V")
    release = program.release_of(version.output)
    if not release:
        return _without_compiler(found)
    return (yield from _sample(box, replace(found, toolkit=release)))


def _values(box: Box, shown: Executed) -> Smi | None:
    """Names in full from the query, and the CUDA version, which only the table has."""
    table = parse_table(shown.output)
    asked = box.look(*QUERY)
    full = parse_csv(asked.output) if asked.code == 0 else None
    if full is None or table is None:
        return full or table
    return replace(full, cuda=table.cuda)


def _found(box: Box, smi: Smi) -> SampleOutcome:
    gpu = smi.gpus[0]
    return SampleOutcome(
        node=box.pod.node,
        rungs=(Rung("driver", "passed"), Rung("cuda", "skipped")),
        gpu=gpu.name,
        memory_mib=gpu.memory_mib,
        driver=smi.driver,
        cuda=smi.cuda,
    )


def _against_labels(gpu: SmiGpu, labels: Mapping[str, str]) -> str:
    name, memory = labels.get(NAME_LABEL, ""), labels.get(MEM_LABEL, "")
    if memory and gpu.memory_mib is not None and memory != f"{gpu.memory_mib}MiB":
        return f"nvidia-smi shows {gpu.memory_mib} MiB, the label {MEM_LABEL} says {memory}"
    if name and name != as_label(gpu.name):
        return f"nvidia-smi shows {gpu.name}, the label {NAME_LABEL} says {name}"
    return ""


def _licensed(box: Box, found: SampleOutcome) -> Moves:
    status = ""
    for _ in range(LICENSE_LOOKS):
        status = parse_license(box.look("nvidia-smi", "-q").output)
        if is_licensed(status):
            return replace(found, license=status)
        yield f"waiting for the vGPU's licence: {status}"
    message = f"the vGPU has no licence: {status}"
    return replace(found, license=status, rungs=_stopped(message, LICENSE_REMEDY))


def _sample(box: Box, found: SampleOutcome) -> Moves:
    """The documented sample where it can be had, else the vector addition."""
    if box.packages and program.packaged(found.toolkit):
        built = yield from _build(box, program.texture_build(found.toolkit))
        if built is None:
            return (yield from _run(box, found, program.SIMPLE_TEXTURE))
    failed = yield from _build(box, [program.vector_build()])
    if failed is None:
        return (yield from _run(box, found, program.VECTOR_ADD))
    words = (failed.errors.strip() or failed.output.strip()).splitlines()
    message = f"the sample could not be built: {words[-1] if words else f'exit code {failed.code}'}"
    remedy = "this says nothing of the GPU: give an image with a working nvcc with --image"
    return replace(found, rungs=(found.rungs[0], Rung("cuda", "unknown", message, remedy)))


def _build(box: Box, commands: Iterable[program.Command]) -> Generator[str, None, Executed | None]:
    """Run the commands of a build; the first that fails, or None where all went well."""
    for command in commands:
        yield command.doing
        try:
            done = box.run(*command.words, order=command.order)
        except AckGpuError as error:
            return Executed("", error.message, 1)
        if done.code != 0:
            return done
    return None


def _run(box: Box, found: SampleOutcome, name: str) -> Moves:
    texture = name == program.SIMPLE_TEXTURE
    command = program.texture_run(found.toolkit) if texture else program.vector_run()
    yield command.doing
    done = box.run(*command.words, order=command.order)
    output = "\n".join(filter(None, (done.output.rstrip(), done.errors.rstrip())))
    cuda = Rung("cuda", "passed")
    if not program.passed(name, done):
        cuda = Rung("cuda", "failed", *program.why_it_failed(name, done))
    return replace(found, program=name, output=output, rungs=(found.rungs[0], cuda))


def _without_compiler(found: SampleOutcome) -> SampleOutcome:
    message = "the image has no nvcc, so no CUDA program could be built"
    remedy = "give a development image with --image, such as nvidia/cuda:11.4.3-devel-ubuntu20.04"
    return replace(found, rungs=(found.rungs[0], Rung("cuda", "unknown", message, remedy)))


def _stopped(message: str, remedy: str) -> tuple[Rung, Rung]:
    return Rung("driver", "failed", message, remedy), Rung("cuda", "skipped")
