"""What ``nvidia-smi`` says, as values. Pure functions over its output.

The table's layout has changed with the driver branches (418, 450, 525, 550, 590); its lines have
not: a line with the versions, and for each GPU a line that begins with its index and name, then
one with its memory as ``144MiB /  2048MiB``. Long names are cut off in the table; ``--query-gpu``
gives them in full. Sources: ACK documentation, "Create an ACK cluster to schedule lightweight GPU
workloads" (branch 418); NVIDIA, "nvidia-smi" manual page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ackgpu.cloud.api import Executed

QUERY = ("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv")
_VERSIONS = re.compile(r"NVIDIA-SMI\s+\S+\s+(?:Driver|KMD) Version:\s*(\S+)")
_CUDA = re.compile(r"CUDA (?:UMD )?Version:\s*(\d+\.\d+)")
_GPU = re.compile(r"^\|\s+\d+\s+(\S.*?)\s+(?:On|Off|N/A|WDDM|TCC|MCDM)\s*\|", re.MULTILINE)
_MEMORY = re.compile(r"\|\s*\d+MiB\s*/\s*(\d+)MiB\s*\|")
_LICENSE = re.compile(r"^\s*License Status\s*:\s*(\S.*?)\s*$", re.MULTILINE)
_NUMBER = re.compile(r"(\d+)(?:\s*MiB)?")
_FIELDS = 3
_NO_PROGRAM = 127


@dataclass(frozen=True)
class SmiGpu:
    """A GPU. ``memory_mib`` is None where the driver does not tell it."""

    name: str
    memory_mib: int | None


@dataclass(frozen=True)
class Smi:
    """What the tool says of driver and GPUs; ``cuda`` is the newest CUDA that the driver runs."""

    driver: str
    cuda: str
    gpus: tuple[SmiGpu, ...]


def parse_table(text: str) -> Smi | None:
    """The values of the tool's table, or None where ``text`` is none."""
    versions = _VERSIONS.search(text)
    if versions is None:
        return None
    cuda = _CUDA.search(text)
    names = _GPU.findall(text)
    memory: list[str] = _MEMORY.findall(text)
    sizes = [int(size) for size in memory] if len(memory) == len(names) else [None] * len(names)
    gpus = tuple(SmiGpu(name, size) for name, size in zip(names, sizes, strict=True))
    return Smi(versions.group(1), cuda.group(1) if cuda else "", gpus)


def parse_csv(text: str) -> Smi | None:
    """The values of :data:`QUERY`'s answer, with units or without, with a header or without."""
    rows = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line]
    rows = [row for row in rows if len(row) == _FIELDS and row[0] != "name"]
    if not rows:
        return None
    return Smi(rows[0][2], "", tuple(SmiGpu(row[0], _mib(row[1])) for row in rows))


def parse_license(text: str) -> str:
    """The vGPU licence's state in ``nvidia-smi -q``; empty where the product needs none.

    Of several GPUs it is the state of the first that has no licence.
    """
    found: list[str] = _LICENSE.findall(text)
    return next((each for each in found if not is_licensed(each)), found[0] if found else "")


def is_licensed(status: str) -> bool:
    """Whether a vGPU with that licence state runs at full speed for good."""
    return not status or status.lower().startswith("licensed")


def as_label(name: str) -> str:
    """The name as the node's label has it: the bootstrap script turns spaces into hyphens."""
    return name.replace(" ", "-")


def trouble(done: Executed) -> str:
    """Why the tool did not tell anything; empty where it did."""
    if done.code == 0:
        return "" if done.output.strip() else "nvidia-smi printed nothing"
    if done.code == _NO_PROGRAM:
        return "there is no nvidia-smi in the container: the NVIDIA runtime gave it no GPU"
    words = (done.output.strip() or done.errors.strip()).splitlines()
    return f"nvidia-smi failed: {words[0] if words else f'exit code {done.code}'}"


def _mib(cell: str) -> int | None:
    found = _NUMBER.fullmatch(cell)
    return int(found.group(1)) if found else None
