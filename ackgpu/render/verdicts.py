"""The records of what looks and judges: limits, checks, the nodes' GPUs, the CUDA sample.

As :mod:`ackgpu.render.results`: plain, frozen, and the same for people and machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["passed", "failed", "warning", "unknown", "skipped"]
QuotaVerdict = Literal["ok", "short", "unknown"]


@dataclass(frozen=True, kw_only=True)
class QuotaRow:
    """One limit and what the plan needs of it.

    ``used`` and ``limit`` None: not known. ``used`` None with a ``limit`` also stands for a limit
    that nothing is counted against, such as nodes in a cluster. ``free`` follows from them.
    ``source`` is "live", "override", or where a documented figure is from ("documented 2020").
    ``doubt`` of one at its border: what may be needed besides, which nobody has published.
    ``why_unknown`` says why it could not be read. ``remedy``: what to do where it is short. ``id``
    is the limit's word for scripts (``eips``).
    """

    name: str
    needed: int
    used: int | None
    limit: int | None
    source: str
    verdict: QuotaVerdict = "ok"
    why_unknown: str = ""
    remedy: str = ""
    doubt: str = ""
    id: str = ""
    free: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.used is not None and self.limit is not None:
            object.__setattr__(self, "free", self.limit - self.used)


@dataclass(frozen=True, kw_only=True)
class QuotaResult:
    """``check-quota``. ``account`` is the account's id, shown shortened."""

    quotas: tuple[QuotaRow, ...]
    nodes: int
    network_plugin: str
    region: str
    account: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The limits that are short."""
        return tuple(row.name for row in self.quotas if row.verdict == "short")


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One check: ``message`` is what was found, ``remedy`` what to do where it failed."""

    name: str
    verdict: Verdict
    message: str = ""
    remedy: str = ""
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class CheckList:
    """``preflight``, ``doctor``, ``policy check``: checks in their order."""

    title: str
    checks: tuple[CheckRow, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The checks that failed."""
        return tuple(row.name for row in self.checks if row.verdict == "failed")


@dataclass(frozen=True, kw_only=True)
class CheckCell:
    """One check on one node. ``value`` is shown instead of ✓ where set ("1/1")."""

    name: str
    verdict: Verdict
    value: str = ""
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleRow:
    """What the CUDA sample saw of a node's GPU; memory as the driver says it ("2048 MiB").

    ``license`` is the vGPU licence's state, empty where the GPU needs none. ``output`` is what the
    program printed. ``image_digest`` is the image with the digest that the node ran.
    """

    gpu: str = ""
    memory: str = ""
    driver: str = ""
    cuda: str = ""
    toolkit: str = ""
    license: str = ""
    program: str = ""
    output: str = ""
    image: str = ""
    image_digest: str = ""


@dataclass(frozen=True, kw_only=True)
class VerifyRow:
    """One node's checks; those after the first failed one are absent or skipped.

    ``labels`` are those that tell of the GPU. ``sample`` is there with the level cuda.
    """

    node: str
    instance_type: str
    zone: str
    rungs: tuple[CheckCell, ...]
    instance_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    sample: SampleRow | None = None

    @property
    def ok(self) -> bool:
        """Whether no check failed or is unknown."""
        return all(rung.verdict not in {"failed", "unknown"} for rung in self.rungs)


@dataclass(frozen=True, kw_only=True)
class NetworkRow:
    """One way that a pod tried; ``name`` is dns, api server or pod to pod.

    ``node`` is where the pod ran, ``peer`` the other node of pod to pod.
    """

    name: str
    node: str
    verdict: Verdict
    peer: str = ""
    message: str = ""
    remedy: str = ""

    @property
    def way(self) -> str:
        """From where to where."""
        return f"{self.node} to {self.peer}" if self.peer else self.node


@dataclass(frozen=True, kw_only=True)
class VerifyResult:
    """``verify``. ``rungs`` names the columns, lowest first, up to ``level``.

    ``network`` are the ways that pods tried, empty below the level that starts pods. ``passes``:
    how often in a row every node was looked at. The rows are the last pass's.
    """

    cluster_name: str
    level: str
    rungs: tuple[str, ...]
    nodes: tuple[VerifyRow, ...]
    network: tuple[NetworkRow, ...] = ()
    seconds: float = 0
    passes: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes that passed."""
        return tuple(row.node for row in self.nodes if row.ok)


@dataclass(frozen=True, kw_only=True)
class SampleResult:
    """``run-sample``. ``output`` is what the program printed; memory as the driver says it.

    ``message`` and ``remedy`` are there where it did not pass. ``kept`` names the Deployment that
    was left (on purpose).
    """

    cluster_name: str
    node: str
    gpu: str
    memory: str
    driver: str
    passed: bool
    seconds: float
    output: str = ""
    cuda: str = ""
    toolkit: str = ""
    license: str = ""
    program: str = ""
    image: str = ""
    image_digest: str = ""
    message: str = ""
    remedy: str = ""
    kept: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The node that it ran on."""
        return (self.node,)
