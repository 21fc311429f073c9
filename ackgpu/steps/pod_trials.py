"""Trials in pods, as a step: a Deployment for each, commands in its pod, and nothing left of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from ackgpu import flag
from ackgpu.cloud.api import KubeApi, KubePod
from ackgpu.engine.events import PartStanding
from ackgpu.engine.step import Absent, Broken, CheckStep, Context, Finding, Pending, Ready, Step
from ackgpu.errors import AccessDenied, AckGpuError, TimedOut, VerificationFailed
from ackgpu.steps import manifests, sample_pod
from ackgpu.steps.manifests import OWNER, OWNER_LABEL
from ackgpu.steps.pod_trial import (
    Leftover,
    Trial,
    TrialStatus,
    TrialTarget,
    at_once,
    refuse_foreign,
)
from ackgpu.steps.sample_images import ImageNeededError, SampleImages

O = TypeVar("O")  # noqa: E741 -- what a trial comes to

LOOK_EVERY = 3.0  # cloud seconds
PARTS_TOLD = 20
"""Of more trials than these only those that failed are told of one by one, and the rest counted."""
OURS = f"{OWNER_LABEL}={OWNER}"
GRACE_SECONDS = 1
"""``tail`` as a container's first process heeds no SIGTERM: the GPU would stay taken for 30 s."""
_POD_SECURITY = "violates PodSecurity"


class PodTrialsStep(CheckStep[tuple[O, ...]], Generic[O]):
    """Every trial comes to a good end.

    ``create`` applies a Deployment for each; ``find`` looks at the pods, and if one runs makes the
    next move of its trial. A Deployment is deleted as soon as its trial is over, or with
    ``together`` when all are. At the end of a run, however it ended, the command calls
    :meth:`clean_up`. ``told_by_part``: whoever shows the run tells of each trial by itself.
    """

    typical = 30
    in_real_time = True
    together = False
    keep = False
    told_by_part = False

    def __init__(
        self,
        name: str,
        reach: Callable[[Context], KubeApi],
        targets: Callable[[Context], Sequence[TrialTarget]],
        *,
        needs: Sequence[Step[Any]] = (),
    ) -> None:
        super().__init__(name, name, needs)
        self._reach = reach
        self._targets = targets
        self.images = SampleImages()
        self._api: KubeApi | None = None
        self._trials: list[Trial[O]] = []
        self._applied = False
        self._pods: Mapping[str, KubePod | None] = {}

    @abstractmethod
    def moves(self, each: Trial[O], pod: KubePod) -> Generator[str, None, O]:
        """The trial in a pod that runs, one command a move."""

    @abstractmethod
    def not_tried(self, each: Trial[O], error: AckGpuError) -> O:
        """The outcome of a trial that could not be made."""

    @abstractmethod
    def not_started(self, each: Trial[O], pod: KubePod) -> O:
        """The outcome of a trial whose container does not start."""

    @abstractmethod
    def ending(self, outcome: O) -> tuple[PartStanding, str]:
        """Whether an outcome is good, and in a few words what it is."""

    @abstractmethod
    def failure(self, outcomes: Sequence[O]) -> VerificationFailed | None:
        """The error of outcomes that are not all good."""

    @property
    def outcomes(self) -> tuple[O, ...]:
        """How each trial ended; one that did not end is unknown, for the reason it waits for."""
        return tuple(
            self.not_tried(each, self._unfinished(each)) if each.outcome is None else each.outcome
            for each in self._trials
        )

    @property
    def parts(self) -> tuple[TrialStatus, ...]:
        """How each trial stands, by its node: what it waits for, or how it ended."""
        return tuple(
            TrialStatus(each.target.node, "running", each.detail)
            if each.outcome is None
            else TrialStatus(each.target.node, *self.ending(each.outcome))
            for each in self._trials
            if each.target.node
        )

    @property
    def finished(self) -> bool:
        """Whether every trial came to an end."""
        return self._applied and all(each.outcome is not None for each in self._trials)

    def create(self, ctx: Context, token: str) -> None:
        """Apply the Deployments; one that exists and is not ackgpu's is left alone."""
        del token
        self._api = api = self._reach(ctx)
        trials = [Trial[O](target) for target in self._targets(ctx)]
        # All before the first is applied: half of them would run before one is refused.
        at_once(lambda each: refuse_foreign(api, each), trials)
        # Only now: clean_up deletes what is in here, and nothing that is somebody else's may be.
        self._trials = trials
        at_once(lambda each: api.apply(each.manifest), trials)
        self._applied = True

    def find(self, ctx: Context) -> Finding[tuple[O, ...]]:
        """Look at the pods, and go on with the trials of those that run."""
        del ctx
        if self._api is None or not self._applied:
            return Absent()
        open_trials = [each for each in self._trials if each.outcome is None]
        if open_trials:
            self._look(self._api, open_trials)
        waiting = [each for each in self._trials if each.outcome is None]
        if waiting:
            return Pending(self._progress(waiting), again_in=LOOK_EVERY)
        if self.together and not self.keep:
            at_once(self._try_to_remove, self._trials)
        failed = self.failure(self.outcomes)
        if failed is not None:
            return Broken(failed)
        return Ready(self.outcomes, detail=f"ran on {len(self._trials)} of {len(self._trials)}")

    def overdue(self, detail: str, seconds: float) -> Exception:
        """The trials did not come to an end; why is what they wait for."""
        return TimedOut(
            f"The {self.name} did not end within {seconds:.0f} s: {detail}",
            resolution=f"Run it again, with a longer {flag.TIMEOUT} where it was still"
            " progressing.",
        )

    def clean_up(self) -> tuple[Leftover, ...]:
        """Delete what is still there; what could not be deleted."""
        left: list[Leftover] = []
        for each in self._trials if not self.keep else ():
            try:
                self._remove(each)
            except AckGpuError as error:
                left.append(Leftover(each.target.deployment.name, error.message))
        return tuple(left)

    def living(self, target: TrialTarget) -> KubePod | None:
        """The pod of another target as it was at the last look."""
        return self._pods.get(target.deployment.name)

    @property
    def api(self) -> KubeApi:
        """The cluster's API, once something was requested of it."""
        if self._api is None:
            raise AssertionError("nothing was created")
        return self._api

    def _look(self, api: KubeApi, trials: Sequence[Trial[O]]) -> None:
        pods: dict[str, list[KubePod]] = {}
        left = frozenset[str]().union(*(each.left_behind for each in self._trials))
        for pod in api.pods(manifests.NAMESPACE, OURS):
            if pod.name not in left:
                pods.setdefault(pod.labels.get("app", ""), []).append(pod)
        self._pods = found = {name: sample_pod.living(rows) for name, rows in pods.items()}
        refusals: Mapping[str, str] = {}
        if any(found.get(each.target.deployment.name) is None for each in trials):
            with suppress(AccessDenied):  # then nobody knows why, and the timeout ends it
                # Admission refuses pods, not Deployments:
                # without a pod only the Deployment says why.
                states = api.deployments(manifests.NAMESPACE, OURS)
                refusals = {state.name: state.replica_failure for state in states}

        def advance(each: Trial[O]) -> None:
            name = each.target.deployment.name
            self._advance(each, found.get(name), refusals.get(name, ""))

        at_once(advance, trials)

    def _advance(self, each: Trial[O], pod: KubePod | None, refusal: str) -> None:
        try:
            each.outcome = self._move(each, pod, refusal)
        except AckGpuError as error:
            each.outcome = self.not_tried(each, error)
        if each.outcome is not None and not self.keep and not self.together:
            self._try_to_remove(each)

    def _move(self, each: Trial[O], pod: KubePod | None, refusal: str) -> O | None:
        # Not restricted from the beginning: installing packages takes root.
        if pod is None and _POD_SECURITY in refusal and not each.target.deployment.restricted:
            each.restrict()
            self.api.apply(each.manifest)
            each.detail = "requested again for PodSecurity's level restricted"
            return None
        if pod is None:
            each.detail = refusal or "no pod yet"
            final = each.patience.meet("refused" if refusal else "")
            return self.not_tried(each, sample_pod.refusal_error(refusal)) if final else None
        if not pod.ready:
            each.detail = sample_pod.why_waiting(pod)
            return self._given_up(each, pod) if each.patience.look(pod) else None
        if each.moves is None:
            each.moves = self.moves(each, pod)
        try:
            each.detail = next(each.moves)
        except StopIteration as end:
            outcome: O = end.value
            return outcome
        except ImageNeededError as needed:
            self._begin_anew(each, needed.image, pod)
        return None

    def _begin_anew(self, each: Trial[O], image: str, pod: KubePod) -> None:
        """Let the trial begin again in another image, once the pod with the GPU is gone."""
        self._remove(each)
        each.begin_anew(image, pod.name)
        self.api.apply(each.manifest)

    def _given_up(self, each: Trial[O], pod: KubePod) -> O | None:
        match sample_pod.trouble_of(pod):
            case "pull":
                image = each.target.deployment.image
                other = self.images.instead_of(image, pod.message)
                if other:
                    self._begin_anew(each, other, pod)
                    return None
                return self.not_tried(each, sample_pod.pull_error(pod, image))
            case "schedule":
                return self.not_tried(each, sample_pod.schedule_error(pod))
            case _:
                return self.not_started(each, pod)

    def _try_to_remove(self, each: Trial[O]) -> None:
        with suppress(AckGpuError):  # clean_up tries again, and says what stays
            self._remove(each)

    def _remove(self, each: Trial[O]) -> None:
        api, name = self.api, each.target.deployment.name
        if not each.deleted:
            api.delete(each.manifest)
            each.deleted = True
        with suppress(AccessDenied):  # its pods are deleted with it, only later
            for pod in api.pods(manifests.NAMESPACE, f"app={name},{OURS}"):
                api.delete_pod(pod, grace_seconds=GRACE_SECONDS)

    def _progress(self, waiting: Sequence[Trial[O]]) -> str:
        done, first = len(self._trials) - len(waiting), waiting[0]
        if len(self._trials) == 1:
            return first.detail
        if self.told_by_part and len(self._trials) <= PARTS_TOLD:
            return f"{done} of {len(self._trials)} done"
        return f"{done} of {len(self._trials)} done; {first.target.node}: {first.detail}"

    def _unfinished(self, each: Trial[O]) -> TimedOut:
        return TimedOut(
            f"the {self.name} did not end: {each.detail}",
            resolution=f"give it a longer {flag.TIMEOUT} if it was progressing; `kubectl -n"
            f" {manifests.NAMESPACE} get events` shows what held it up. This says nothing of the"
            " GPU",
        )
