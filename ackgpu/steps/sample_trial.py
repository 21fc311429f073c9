"""The trial of one GPU: what is looked at and run in the sample's container, one move at a time.

A trial is a generator: each move runs one command and yields what it is about to do next; its
value is the outcome. So a run over many nodes shows where each one is, and stops between moves.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, replace

from ackgpu import flag
from ackgpu.cloud.api import ExecOrder, Executed, KubeApi, KubePod
from ackgpu.errors import AckGpuError
from ackgpu.spec.catalog import gpu_type, looks_vgpu
from ackgpu.steps import sample_program as program
from ackgpu.steps.driver_checks import mismatch, uncompared, undocumented
from ackgpu.steps.gpu_checks import TYPE_LABEL, NodeCheck
from ackgpu.steps.nvidia_smi import (
    QUERY,
    Smi,
    is_licensed,
    parse_csv,
    parse_license,
    parse_table,
    trouble,
)
from ackgpu.steps.sample_images import ImageNeededError

UNREAD_REMEDY = "`nvidia-smi -q` in a pod of the node shows it; verify again"
LICENSE_LOOKS = 30
"""How often an unlicensed vGPU is looked at: after its start it takes up to a minute to get one."""
DRIVER_REMEDY = (
    "the driver on the node does not work: see ACK's page on GPU driver versions, then replace the"
    " node, pinning the driver by the pool's label ack.aliyun.com/nvidia-driver-version"
)
DRIVER_REMEDY_ELSEWHERE = (
    "the driver on the node, or the NVIDIA container toolkit, does not work: nvidia-smi on the node"
    " itself tells which"
)
DRIVER_REMEDY_VGPU = (
    "the GRID driver on the node does not work: nodePools[].gpu.driver says who installs it;"
    " replace the node once that is mended"
)
LICENSE_INCLUDED_REMEDY = (
    "the type has its licence in the price: see what nvidia-gridd says on the node (journalctl -u"
    " nvidia-gridd); replace the node if it stays"
)
LICENSE_REMEDY = (
    "vgn5i and vgn6i need a licence server of your own: gpu.licenseServer in the spec, or"
    " ServerAddress in /etc/nvidia/gridd.conf on the node and a restart of nvidia-gridd; without"
    " one NVIDIA throttles the vGPU after 20 minutes"
)


@dataclass(frozen=True)
class SampleOutcome:
    """What the trial of a node's GPU came to. ``rungs`` are the checks driver and cuda.

    ``error`` is what kept the trial from being made, which says nothing of the GPU. ``warning`` is
    of a driver that works and is not the documented one.
    """

    node: str
    rungs: tuple[NodeCheck, NodeCheck]
    gpu: str = ""
    memory_mib: int | None = None
    driver: str = ""
    cuda: str = ""
    toolkit: str = ""
    license: str = ""
    program: str = ""
    output: str = ""
    warning: str = ""
    image: str = ""
    image_id: str = ""
    error: AckGpuError | None = None

    @property
    def ok(self) -> bool:
        """Whether both checks passed."""
        return all(rung.verdict == "passed" for rung in self.rungs)


def not_tried(node: str, error: AckGpuError) -> SampleOutcome:
    """The outcome where no trial could be made, so that nothing is known from the driver on."""
    unknown = NodeCheck("driver", "unknown", error.message, error.resolution or "")
    return SampleOutcome(node, (unknown, NodeCheck("cuda", "skipped")), error=error)


def no_container(node: str, message: str, *, ack: bool = True, type_id: str = "") -> SampleOutcome:
    """The outcome if the container runtime cannot start a container with the GPU.

    ``ack``: the node is of ACK, and of the instance type ``type_id``.
    """
    remedy = DRIVER_REMEDY_VGPU if looks_vgpu(type_id) else DRIVER_REMEDY
    remedy = remedy if ack else DRIVER_REMEDY_ELSEWHERE
    by_name = f"`ackgpu node replace NAME {node}` replaces it" if ack and node else ""
    failed = NodeCheck("driver", "failed", message, remedy, by_name=by_name, by_driver=True)
    return SampleOutcome(node, (failed, NodeCheck("cuda", "skipped")))


@dataclass(frozen=True)
class SampleContainer:
    """The running container of a trial. ``labels`` are its node's; none are compared where empty.

    ``packages``: the documented sample may be downloaded. ``hear`` is told what commands print.
    ``ack``: the node is of ACK. ``better`` says which image GPU and driver need in place of the
    container's own; empty for none.
    """

    api: KubeApi
    pod: KubePod
    labels: Mapping[str, str]
    packages: bool = False
    hear: Callable[[str], None] | None = None
    ack: bool = True
    better: Callable[[Smi], str] = lambda _: ""

    def run(self, *words: str, order: ExecOrder | None = None) -> Executed:
        """Run a command in the container; what it prints is heard."""
        order = replace(order or ExecOrder(), hear=self.hear)
        return self.api.execute(self.pod, words, order)

    def look(self, *words: str) -> Executed:
        """Run a command whose output is only for the program."""
        return self.api.execute(self.pod, words)


Moves = Generator[str, None, SampleOutcome]


def trial(box: SampleContainer) -> Moves:
    """Look at driver and licence, build a CUDA program, run it and judge its result.

    Raises ImageNeededError where another image fits the driver and the card.
    """
    yield "nvidia-smi"
    shown = box.run("nvidia-smi")
    why = trouble(shown)
    type_id = box.labels.get(TYPE_LABEL, "")
    if why:
        return no_container(box.pod.node, why, ack=box.ack, type_id=type_id)
    smi = _values(box, shown)
    if smi is None or not smi.gpus:
        text = "nvidia-smi shows no GPU"
        return no_container(box.pod.node, text, ack=box.ack, type_id=type_id)
    found = replace(_found(box, smi), warning=undocumented(smi.driver, type_id))
    # Before any image is chosen: another card than the labels say is what was paid for wrongly.
    rungs = _unlike_labels(smi, box.labels)
    if rungs is not None:
        return replace(found, rungs=rungs)
    better = box.better(smi)
    if better:
        raise ImageNeededError(better)
    found = yield from _licensed(box, found)
    if found.rungs[0].verdict != "passed":
        return found
    yield "nvcc -V"
    version = box.run("nvcc", "-V")
    release = program.release_of(version.output)
    if not release:
        return _without_compiler(found)
    return (yield from _sample(box, replace(found, toolkit=release)))


def _unlike_labels(smi: Smi, labels: Mapping[str, str]) -> tuple[NodeCheck, NodeCheck] | None:
    wrong = mismatch(smi, labels)
    if wrong is not None:
        return _stopped(*wrong)
    unread = uncompared(smi, labels)
    return _unknown(unread) if unread else None


def _values(box: SampleContainer, shown: Executed) -> Smi | None:
    """Names in full from the query, and the CUDA version, which only the table has."""
    table = parse_table(shown.output)
    asked = box.look(*QUERY)
    full = parse_csv(asked.output) if asked.code == 0 else None
    if full is None or table is None:
        return full or table
    return replace(full, cuda=table.cuda)


def _found(box: SampleContainer, smi: Smi) -> SampleOutcome:
    gpu = smi.gpus[0]
    return SampleOutcome(
        node=box.pod.node,
        rungs=(NodeCheck("driver", "passed"), NodeCheck("cuda", "skipped")),
        gpu=gpu.name,
        memory_mib=gpu.memory_mib,
        driver=smi.driver,
        cuda=smi.cuda,
        image=box.pod.image,
        image_id=box.pod.image_id,
    )


def _licensed(box: SampleContainer, found: SampleOutcome) -> Moves:
    status = ""
    for _ in range(LICENSE_LOOKS):
        told = box.look("nvidia-smi", "-q")
        why = trouble(told)
        if why:  # which is no licence, and no proof that none is needed
            text = f"whether the vGPU is licensed could not be read: {why}"
            return replace(found, rungs=_unknown(text))
        status = parse_license(told.output)
        if is_licensed(status):
            return replace(found, license=status)
        yield f"waiting for the vGPU's licence: {status}"
    message = f"the vGPU has no licence: {status}"
    known = gpu_type(box.labels.get(TYPE_LABEL, ""))
    included = known is not None and known.license == "included"
    remedy = LICENSE_INCLUDED_REMEDY if included else LICENSE_REMEDY
    return replace(found, license=status, rungs=_stopped(message, remedy))


def _sample(box: SampleContainer, found: SampleOutcome) -> Moves:
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
    remedy = f"this says nothing of the GPU: give an image with a working nvcc with {flag.IMAGE}"
    return replace(found, rungs=(found.rungs[0], NodeCheck("cuda", "unknown", message, remedy)))


def _build(
    box: SampleContainer, commands: Iterable[program.Command]
) -> Generator[str, None, Executed | None]:
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


def _run(box: SampleContainer, found: SampleOutcome, name: str) -> Moves:
    texture = name == program.SIMPLE_TEXTURE
    command = program.texture_run(found.toolkit) if texture else program.vector_run()
    yield command.doing
    done = box.run(*command.words, order=command.order)
    output = "\n".join(filter(None, (done.output.rstrip(), done.errors.rstrip())))
    cuda = NodeCheck("cuda", "passed")
    if not program.passed(name, done):
        cuda = NodeCheck("cuda", "failed", *program.why_it_failed(name, done))
    return replace(found, program=name, output=output, rungs=(found.rungs[0], cuda))


def _without_compiler(found: SampleOutcome) -> SampleOutcome:
    message = "the image has no nvcc, so no CUDA program could be built"
    remedy = f"give a development image with {flag.IMAGE}, one whose tag has -devel"
    return replace(found, rungs=(found.rungs[0], NodeCheck("cuda", "unknown", message, remedy)))


def _unknown(message: str) -> tuple[NodeCheck, NodeCheck]:
    return NodeCheck("driver", "unknown", message, UNREAD_REMEDY), NodeCheck("cuda", "skipped")


def _stopped(message: str, remedy: str) -> tuple[NodeCheck, NodeCheck]:
    return NodeCheck("driver", "failed", message, remedy), NodeCheck("cuda", "skipped")
