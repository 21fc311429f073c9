"""Verification as a step: every GPU node shows its labels and an allocatable GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ackgpu.cloud.api import KubeConnect
from ackgpu.engine.step import Broken, CheckStep, Context, Finding, Pending, Ready, Step
from ackgpu.errors import TimedOut, Transient, VerificationFailed
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.driver_logs import Console, with_logs
from ackgpu.steps.gpu_checks import POOL_LABEL, NodeVerdict
from ackgpu.steps.gpu_survey import climb
from ackgpu.steps.kubeconfig import ClusterAccess

POLL_INTERVAL = 1.0  # cloud seconds between looks that must agree


class GpuNodesStep(CheckStep[tuple[NodeVerdict, ...]]):
    """Every node of the GPU pools passes the checks, ``consecutive`` times in a row.

    Labels and ``nvidia.com/gpu`` appear about 90 s after a node is Ready, when the device plugin
    has registered; a value that is wrong is not going to change, and fails at once. ``wanted``
    gives the pools' ids and how many nodes each must have. ``console`` reads an instance's console:
    what a driver's installer said there is told of nodes whose GPU does not come up.
    """

    reads = ("containers.node_pools", "compute.console_output")
    typical = 60
    timeout = 15 * 60
    in_real_time = True
    unmetered = True

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        connect: KubeConnect,
        *,
        access: Step[ClusterAccess],
        pools: Sequence[Step[Any]],
        wanted: Callable[[Context], Mapping[str, int]],
        expect: ExpectSpec,
        level: str = "allocatable",
        consecutive: int = 1,
        console: Console | None = None,
    ) -> None:
        super().__init__("gpu nodes", "gpu nodes", (access, *pools))
        what = "labels" if level == "labels" else "labels and nvidia.com/gpu"
        self.title = f"every node with its {what}"
        self._connect = connect
        self._access = access
        self._wanted = wanted
        self._expect = expect
        self._level = level
        self._consecutive = consecutive
        self._console = console
        self._verdicts: tuple[NodeVerdict, ...] = ()
        self._agreed = 0
        self._reached = False

    def find(self, ctx: Context) -> Finding[tuple[NodeVerdict, ...]]:
        access = ctx[self._access]
        wanted = self._wanted(ctx)
        try:
            api = self._connect(access.kubeconfig)
            verdicts = climb(
                api,
                self._expect,
                self._level,
                wants=lambda node: node.labels.get(POOL_LABEL) in wanted,
            )
        except Transient as error:
            # Looks that agree have to be in a row, and nobody knows what this one would have shown.
            self._agreed = 0
            return Pending(f"the Kubernetes API does not answer: {error.message}", again_in=5)
        self._reached, self._verdicts = True, verdicts
        return self._verdict(verdicts, sum(wanted.values()) - len(verdicts))

    def overdue(self, detail: str, seconds: float) -> Exception:
        """The cluster is up and its GPUs are not usable; or its API was never reached."""
        # Nothing was seen of any GPU: the network is to blame, and the same command may go on.
        if not self._reached:
            return TimedOut(f"The GPUs could not be verified within {seconds:.0f} s: {detail}.")
        told = [(v.node, v.failure) for v in with_logs(self._verdicts, self._console)]
        return VerificationFailed(
            f"The GPUs are not usable after {seconds:.0f} s: {detail}.",
            details=[f"{node}: {rung.message}" for node, rung in told if rung is not None],
            resolution="`ackgpu verify NAME` shows the checks of each node, with remedies.",
        )

    def _verdict(
        self, verdicts: tuple[NodeVerdict, ...], missing: int
    ) -> Finding[tuple[NodeVerdict, ...]]:
        failures = [(v, v.failure) for v in verdicts if v.failure is not None]
        final = [f"{v.node}: {rung.message}" for v, rung in failures if rung.final]
        if final:
            error = VerificationFailed(
                f"{len(final)} of {len(verdicts)} GPU nodes are not what was paid for.",
                details=final,
                resolution="`ackgpu verify NAME` shows the checks of each node, with remedies.",
            )
            return Broken(error)
        if failures or missing > 0:
            self._agreed = 0
            good = len(verdicts) - len(failures)
            why = f"; {failures[0][0].node}: {failures[0][1].message}" if failures else ""
            absent = f"; {missing} not registered" if missing > 0 else ""
            return Pending(
                f"{good} of {good + len(failures) + max(0, missing)} verified{absent}{why}"
            )
        self._agreed += 1
        detail = f"{len(verdicts)} of {len(verdicts)} verified"
        if self._agreed < self._consecutive:
            again = f"look {self._agreed} of {self._consecutive}"
            return Pending(f"{detail}; {again}", again_in=POLL_INTERVAL)
        return Ready(verdicts, detail=detail)
