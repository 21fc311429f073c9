"""Verification as a step: every GPU node shows its labels and an allocatable GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ackgpu.cloud.api import KubeConnect, KubeNode
from ackgpu.engine.step import Broken, CheckStep, Context, Finding, Pending, Ready, Step
from ackgpu.errors import Transient, VerificationFailed
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.gpu_ladder import POOL_LABEL, NodeVerdict, judge
from ackgpu.steps.kubeconfig import Access


class GpuNodesStep(CheckStep[tuple[NodeVerdict, ...]]):
    """Every node of the GPU pools passes the ladder.

    Labels and ``nvidia.com/gpu`` appear about 90 s after a node is Ready, when the device plugin
    has registered; a value that is wrong is not going to change, and fails at once. ``wanted``
    gives the pools' ids and how many nodes each must have.
    """

    typical = 90
    timeout = 15 * 60

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        connect: KubeConnect,
        *,
        access: Step[Access],
        pools: Sequence[Step[Any]],
        wanted: Callable[[Context], Mapping[str, int]],
        expect: ExpectSpec,
        level: str = "allocatable",
    ) -> None:
        super().__init__("gpu nodes", "gpu nodes", (access, *pools))
        self._connect = connect
        self._access = access
        self._wanted = wanted
        self._expect = expect
        self._level = level

    @property
    def title(self) -> str:
        """What must be true."""
        what = "labels" if self._level == "labels" else "labels and nvidia.com/gpu"
        return f"every node with its {what}"

    def find(self, ctx: Context) -> Finding[tuple[NodeVerdict, ...]]:
        """Read the nodes over the Kubernetes API and judge each."""
        access = ctx[self._access]
        wanted = self._wanted(ctx)
        try:
            nodes = self._connect(access.kubeconfig).nodes()
        except Transient as error:
            return Pending(f"the Kubernetes API does not answer: {error.message}", again_in=5)
        members = [node for node in nodes if node.labels.get(POOL_LABEL) in wanted]
        missing = sum(wanted.values()) - len(members)
        return self._verdict(members, missing)

    def overdue(self, detail: str, seconds: float) -> Exception:
        """The cluster is up and its GPUs are not usable."""
        return VerificationFailed(
            f"The GPUs are not usable after {seconds:.0f} s: {detail}.",
            resolution="ackgpu verify shows the ladder of each node, with remedies.",
        )

    def _verdict(self, members: list[KubeNode], missing: int) -> Finding[tuple[NodeVerdict, ...]]:
        verdicts = tuple(judge(node, self._expect, self._level) for node in members)
        failures = [(v, v.failure) for v in verdicts if v.failure is not None]
        final = [f"{v.node}: {rung.message}" for v, rung in failures if rung.final]
        if final:
            error = VerificationFailed(
                f"{len(final)} of {len(verdicts)} GPU nodes are not what was paid for.",
                details=final,
                resolution="ackgpu verify shows the ladder of each node, with remedies.",
            )
            return Broken(error)
        if failures or missing > 0:
            good = len(verdicts) - len(failures)
            why = f"; {failures[0][0].node}: {failures[0][1].message}" if failures else ""
            absent = f"; {missing} not registered" if missing > 0 else ""
            return Pending(
                f"{good} of {good + len(failures) + max(0, missing)} verified{absent}{why}"
            )
        return Ready(verdicts, detail=f"{len(verdicts)} of {len(verdicts)} verified")
