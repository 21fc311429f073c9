"""Whether the driver that runs on a node is the one that its labels and its type speak of."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.spec import drivers
from ackgpu.spec.catalog import MEM_LABEL, NAME_LABEL, gpu_type
from ackgpu.steps.nvidia_smi import Smi, SmiGpu, as_label

SLICE_REMEDY = "the container sees another slice than its node's label says: report the instance"
VERSION_REMEDY = (
    "ACK passes over a version that it does not offer, and installs another: see its page on GPU"
    " driver versions, correct the pool's label, then replace the node"
)


def mismatch(smi: Smi, labels: Mapping[str, str]) -> tuple[str, str] | None:
    """What differs from the node's labels, and the remedy."""
    wrong = _against_labels(smi.gpus[0], labels)
    if wrong:
        return wrong, SLICE_REMEDY
    asked = drivers.version_of(labels)
    if asked in {"", smi.driver}:
        return None
    text = f"the driver {smi.driver} runs, and the pool's labels ask for {asked}"
    return text, VERSION_REMEDY


def uncompared(smi: Smi, labels: Mapping[str, str]) -> str:
    """That the driver does not tell how large the slice is; empty if it does, or no label says."""
    memory = labels.get(MEM_LABEL, "")
    if not memory or smi.gpus[0].memory_mib is not None:
        return ""
    return f"nvidia-smi does not show the GPU's memory; the label {MEM_LABEL} says {memory}"


def undocumented(driver: str, type_id: str) -> str:
    """That a driver of another branch runs than ECS documents for the type; empty if none does."""
    known = gpu_type(type_id)
    documented = known.driver_version if known else ""
    if not documented or documented.partition(".")[0] == driver.partition(".")[0]:
        return ""
    return f"the driver {driver} runs; {documented} is documented for {type_id}"


def _against_labels(gpu: SmiGpu, labels: Mapping[str, str]) -> str:
    name, memory = labels.get(NAME_LABEL, ""), labels.get(MEM_LABEL, "")
    if memory and gpu.memory_mib is not None and memory != f"{gpu.memory_mib}MiB":
        return f"nvidia-smi shows {gpu.memory_mib} MiB, the label {MEM_LABEL} says {memory}"
    if name and name != as_label(gpu.name):
        return f"nvidia-smi shows {gpu.name}, the label {NAME_LABEL} says {name}"
    return ""
