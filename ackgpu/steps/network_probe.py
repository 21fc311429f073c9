"""The pods' network as a step: DNS, the API server, and pod to pod over two nodes.

The commands are what the sample's image has: ``getent`` and ``timeout`` of every Debian and Ubuntu,
and bash's ``/dev/tcp``. A pod that nothing listens in answers a connection with a refusal, which
proves the way as well as an acceptance does; a security group drops in silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ackgpu import flag
from ackgpu.cloud.api import Executed, KubeApi, KubePod
from ackgpu.engine.events import PartStanding
from ackgpu.engine.step import Context, Step
from ackgpu.errors import AckGpuError, VerificationFailed
from ackgpu.steps import sample_pod
from ackgpu.steps.gpu_checks import HOSTNAME_LABEL, ZONE_LABEL, NodeVerdict, is_ack
from ackgpu.steps.manifests import SampleDeployment
from ackgpu.steps.pod_trial import Trial, TrialTarget
from ackgpu.steps.pod_trials import PodTrialsStep

NAME = "network-probe"
NODES = 2
DNS, API_SERVER, PODS = "dns", "api server", "pod to pod"
SERVICE = "kubernetes.default.svc"
DNS_SECONDS, CONNECT_SECONDS = 15, 5
PORT = "8080"
"""Where nothing listens in the other pod; its kernel refuses."""
PATIENCE_LOOKS = 60
"""How often the other pod is looked for before the way to it is unknown."""
_TIMED_OUT, _NO_PROGRAM = 124, 127
Verdict = Literal["passed", "failed", "unknown"]


@dataclass(frozen=True)
class Probe:
    """One way that was tried from a pod on ``node``; ``peer`` is the other node of pod to pod."""

    name: str
    node: str
    verdict: Verdict
    peer: str = ""
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class ProbeOutcome:
    """What the pod of one node reached."""

    node: str
    probes: tuple[Probe, ...]

    @property
    def ok(self) -> bool:
        """Whether it reached everything."""
        return all(probe.verdict == "passed" for probe in self.probes)


def choose(verdicts: Sequence[NodeVerdict]) -> list[NodeVerdict]:
    """Two good nodes, of different zones if there are; or the only one."""
    good = [verdict for verdict in verdicts if verdict.ok]
    first = good[:1]
    zones = {verdict.labels.get(ZONE_LABEL, "") for verdict in first}
    rest = sorted(good[1:], key=lambda verdict: verdict.labels.get(ZONE_LABEL, "") in zones)
    return [*first, *rest[: NODES - 1]]


def target_on(verdict: NodeVerdict, image: str) -> TrialTarget:
    """A pod of the sample's image on the node, without a GPU, whatever the node's taints."""
    name = f"{NAME}-{hashlib.sha256(verdict.node.encode()).hexdigest()[:10]}"
    host = {HOSTNAME_LABEL: verdict.labels.get(HOSTNAME_LABEL, verdict.node)}
    deployment = SampleDeployment(name=name, image=image, selector=host, resource="", tolerant=True)
    return TrialTarget(verdict.node, verdict.labels, deployment, is_ack(verdict.labels))


class NetworkStep(PodTrialsStep[ProbeOutcome]):
    """Pods on two nodes resolve names, reach the API server and each other."""

    together = True  # each must be there as long as the other tries to reach it
    title = "pods reach DNS, the API server and each other"

    def __init__(
        self,
        reach: Callable[[Context], KubeApi],
        targets: Callable[[Context], Sequence[TrialTarget]],
        *,
        timeout: float,
        needs: Sequence[Step[Any]] = (),
    ) -> None:
        super().__init__("network", reach, targets, needs=needs)
        self.timeout = timeout

    def moves(self, each: Trial[ProbeOutcome], pod: KubePod) -> Generator[str, None, ProbeOutcome]:
        """DNS, the API server, and the pod of the other node."""
        yield "resolving names"
        probes = [self._dns(each, pod)]
        yield "connecting to the API server"
        probes.append(self._api_server(each, pod))
        for other in self._trials:
            if other is each:
                continue
            probe = yield from self._peer(each, pod, other)
            probes.append(probe)
        return ProbeOutcome(each.target.node, tuple(probes))

    def not_tried(self, each: Trial[ProbeOutcome], error: AckGpuError) -> ProbeOutcome:
        """Nothing is known of the network there."""
        return self._unknown(each, error.message, error.resolution or "")

    def not_started(self, each: Trial[ProbeOutcome], pod: KubePod) -> ProbeOutcome:
        """The container does not start, which says nothing of the network."""
        why = f"the container does not start: {sample_pod.why_waiting(pod)}"
        return self._unknown(each, why, f"`{flag.LEVEL} cuda` tells whether the GPU is the reason")

    def ending(self, outcome: ProbeOutcome) -> tuple[PartStanding, str]:
        """What it reached, or the first way that did not carry."""
        wrong = next((probe for probe in outcome.probes if probe.verdict != "passed"), None)
        if wrong is not None:
            return "failed", f"{wrong.name}: {wrong.message}"
        return "done", ", ".join(probe.name for probe in outcome.probes)

    def failure(self, outcomes: Sequence[ProbeOutcome]) -> VerificationFailed | None:
        """The error of pods that did not reach everything."""
        lines = [
            f"{probe.name}, {probe.node}: {probe.message}"
            for outcome in outcomes
            for probe in outcome.probes
            if probe.verdict != "passed"
        ]
        if not lines:
            return None
        return VerificationFailed(
            "The pods' network does not carry what it should.",
            details=lines,
            resolution=f"`ackgpu verify NAME {flag.LEVEL} network` shows each way, with remedies.",
        )

    def _dns(self, each: Trial[ProbeOutcome], pod: KubePod) -> Probe:
        done = self._run(pod, DNS_SECONDS, "getent", "hosts", SERVICE)
        if done.code == 0:
            return _passed(DNS, each)
        if done.code == _NO_PROGRAM:
            return _without(DNS, each, done)
        remedy = _remedy(
            each,
            "UDP and TCP 53 from the pods' addresses; `kubectl -n kube-system get pods -l"
            " k8s-app=kube-dns` shows whether CoreDNS runs",
        )
        message = f"{SERVICE} does not resolve within {DNS_SECONDS} s"
        return Probe(DNS, each.target.node, "failed", message=message, remedy=remedy)

    def _api_server(self, each: Trial[ProbeOutcome], pod: KubePod) -> Probe:
        host, port = "$KUBERNETES_SERVICE_HOST", "$KUBERNETES_SERVICE_PORT"
        done = self._connect(pod, host, port)
        if done.code == 0:
            return _passed(API_SERVER, each)
        if done.code == _NO_PROGRAM:
            return _without(API_SERVER, each, done)
        remedy = _remedy(each, "TCP 6443 from the nodes to the control plane's interfaces")
        message = f"the API server behind {SERVICE} (6443) is not reached: {_why(done)}"
        return Probe(API_SERVER, each.target.node, "failed", message=message, remedy=remedy)

    def _peer(
        self, each: Trial[ProbeOutcome], pod: KubePod, other: Trial[ProbeOutcome]
    ) -> Generator[str, None, Probe]:
        """The way to the other pod, once that has an address."""
        node, peer = each.target.node, other.target.node
        for _ in range(PATIENCE_LOOKS):
            there = self.living(other.target)
            if there is not None and there.ready and there.ip:
                break
            if other.outcome is not None:
                there = None
                break
            yield f"waiting for the pod on {peer}"
        if there is None or not there.ip:
            message = f"there is no pod on {peer} to reach"
            return Probe(PODS, node, "unknown", peer, message, "see why that one does not run")
        yield f"connecting to the pod on {peer}"
        done = self._connect(pod, there.ip, PORT)
        # A refusal has come back from the other pod's
        # kernel, so the way is open in both directions.
        if done.code == 0 or "refused" in done.errors.lower():
            return Probe(PODS, node, "passed", peer)
        if done.code == _NO_PROGRAM:
            return _without(PODS, each, done, peer)
        remedy = _remedy(each, "all traffic from the pods' addresses, in both directions")
        message = f"the pod {there.ip} on {peer} is not reached: {_why(done)}"
        return Probe(PODS, node, "failed", peer, message, remedy)

    def _connect(self, pod: KubePod, host: str, port: str) -> Executed:
        script = f": < /dev/tcp/{host}/{port}"
        return self._run(pod, CONNECT_SECONDS, "bash", "-c", script)

    def _run(self, pod: KubePod, seconds: int, *words: str) -> Executed:
        # In the container, as exec has no time limit of its own and a dropped packet no answer.
        return self.api.execute(pod, ("timeout", str(seconds), *words))

    def _unknown(self, each: Trial[ProbeOutcome], message: str, remedy: str) -> ProbeOutcome:
        names = (DNS, API_SERVER)
        probes = (Probe(n, each.target.node, "unknown", "", message, remedy) for n in names)
        return ProbeOutcome(each.target.node, tuple(probes))


def _passed(name: str, each: Trial[ProbeOutcome]) -> Probe:
    return Probe(name, each.target.node, "passed")


def _without(name: str, each: Trial[ProbeOutcome], done: Executed, peer: str = "") -> Probe:
    said = " ".join(done.errors.split())
    message = f"the image has not what it takes to try: {said}"
    remedy = f"give an image with bash, getent and timeout with {flag.IMAGE}"
    return Probe(name, each.target.node, "unknown", peer, message, remedy)


def _why(done: Executed) -> str:
    if done.code == _TIMED_OUT:
        return f"no answer within {CONNECT_SECONDS} s, as where a firewall drops"
    words = done.errors.strip().splitlines()
    return words[-1].rpartition(": ")[2] if words else f"exit code {done.code}"


def _remedy(each: Trial[ProbeOutcome], traffic: str) -> str:
    if each.target.ack:
        return f"let the nodes' security group allow {traffic}"
    return f"let the firewall, or the network policy, allow {traffic}"
