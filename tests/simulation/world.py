"""The cloud of a simulation: the emulator's own gateway and clusters, called without a socket.

SDK models, signatures, paging and JSON stay in: what is cut is the connection (wires.py).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import requests
from simulation.kernel import Kernel
from simulation.wires import Asked, to_the_end

from ackgpu.emulator.backend import Backend
from ackgpu.emulator.dispatch import load_products
from ackgpu.emulator.faults import Fault
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.kube.app import KubeServer
from ackgpu.emulator.operation import ApiOperation
from ackgpu.emulator.store import Doc
from ackgpu.emulator.wire import HttpAnswer, WireRequest

ENDPOINT = "http://127.0.0.1:9"
KUBE_ENDPOINT = "https://127.0.0.1:9"
PRODUCTS = load_products()
FAR = 1e6
"""Seconds in which everything that was asked for is there."""
TRACES = frozenset({
    "address", "token", "task", "clusterevent", "scalingactivity", "clustercheck", "accesskey",
    "ramuser",
})  # fmt: skip
"""Kinds that are no resources: records of what happened."""


@dataclass
class Verdict:
    """What becomes of one request on its way.

    ``fault`` strikes in the cloud; ``out`` and ``back`` are the seconds that request and reply
    travel; ``emptied``: the list that it answers is empty. ``arrives``: it is given up after
    ``back``, and reaches the cloud so many seconds after it left, behind later ones. ``again``: a
    proxy delivers it once more, so many seconds later; ``second``: what that answers comes back.
    """

    fault: Fault | None = None
    out: float = 0.02
    back: float = 0.02
    emptied: bool = False
    arrives: float | None = None
    again: float | None = None
    second: bool = False


Judge = Callable[[str, ApiOperation | None], Verdict]
"""Says of a call (``product``, its operation; None for Kubernetes) what becomes of it."""

AfterWrite = Callable[[ApiOperation, WireRequest, HttpAnswer], None]


class _Struck:
    """The gateway's faults: the one that was chosen for the request under way."""

    domain: tuple[()] = ()

    def __init__(self) -> None:
        self.fault: Fault | None = None

    def choose(self, product: str, action: str, now: float) -> Fault | None:
        """The fault of this request."""
        del product, action, now
        return self.fault


class World:
    """One account. ``judge`` is asked about every request, ``after_write`` told of each change."""

    def __init__(self, kernel: Kernel, seed: int, settings: dict[str, Any]) -> None:
        self.kernel = kernel
        self.backend = Backend(None, kernel, speed=1.0, seed=seed, settings=settings)
        self.backend.kube_endpoint = KUBE_ENDPOINT
        self._struck = _Struck()
        self._one_at_a_time = threading.RLock()
        self.gateway = Gateway(self.backend, products=PRODUCTS)
        self.gateway.faults = self._struck  # type: ignore[assignment]
        self._kube = KubeServer(self.backend)
        self.judge: Judge = lambda product, operation: Verdict()
        self.after_write: AfterWrite = lambda operation, request, answer: None
        self.calls = 0

    def answer(self, request: WireRequest) -> HttpAnswer:
        """One request of a run, with everything that happens to it on the way."""
        self.calls += 1
        product, operation = self._asked(request)
        verdict = self.judge(product, operation)
        if verdict.arrives is not None:
            self._later(verdict.arrives, request, operation)
            self.kernel.pause(verdict.back)
            raise requests.ReadTimeout("no answer", request=None)
        self.kernel.pause(verdict.out)
        answer = self._carried_out(request, operation, verdict.fault)
        if verdict.second and verdict.again is not None:
            self.kernel.pause(verdict.again)
            answer = self._carried_out(request, operation, None)
        elif verdict.again is not None:
            self._later(verdict.again, request, operation)
        if verdict.emptied and answer.status == 200:
            answer.body = emptied(answer.body)
        self.kernel.pause(verdict.back)
        return answer

    def do(
        self,
        product: str,
        action: str,
        *,
        path: dict[str, str] | None = None,
        body: Any = None,
        **params: str,
    ) -> Any:
        """Something that somebody else does, over another client: unsigned, and never at fault."""
        operation = next(p for p in PRODUCTS if p.code.lower() == product).operations[action]
        with self.backend.transaction(write=True) as session:
            call = self.backend.call(
                session, operation, params=params, region="cn-hangzhou", path=path, body=body
            )
            return operation.handler(call)

    def everything(self) -> set[tuple[str, str]]:
        """Kind and id of each thing that there is, or that is on its way."""
        with self.backend.transaction() as session:
            kinds = session.kinds(at=self.backend.timeline_now(session) + FAR)
            return {(doc.kind, doc.id) for kind in kinds for doc in session.find(kind)}

    def rest(self) -> list[Doc]:
        """Each thing that there is now, but for records of what happened."""
        with self.backend.transaction() as session:
            now = self.backend.timeline_now(session)
            kinds = [kind for kind in session.kinds(at=now) if kind not in TRACES]
            return [doc for kind in kinds for doc in session.find(kind, at=now)]

    def alive(self, *kinds: str) -> list[Doc]:
        """The documents of these kinds that exist now, in every region."""
        with self.backend.transaction() as session:
            now = self.backend.timeline_now(session)
            return [doc for kind in kinds for doc in session.find(kind, at=now)]

    def close(self) -> None:
        """Forget the account."""
        self.backend.close()

    def _asked(self, request: WireRequest) -> tuple[str, ApiOperation | None]:
        route = self.gateway._router.find(request)
        return route.product.code.lower(), route.operation

    def _carried_out(
        self, request: WireRequest, operation: ApiOperation | None, fault: Fault | None
    ) -> HttpAnswer:
        with self._one_at_a_time:
            self._struck.fault = fault
            answer = self.gateway.answer(request)
            if operation is not None and operation.writes:
                self.after_write(operation, request, answer)
            return answer

    def _later(self, seconds: float, request: WireRequest, operation: ApiOperation | None) -> None:
        """A request reaches the cloud when its sender thinks of something else."""
        act = lambda: self._carried_out(request, operation, None)  # noqa: E731
        self.kernel.at(self.kernel.now + seconds, act)

    def kube(self, request: httpx2.Request, certificate: Any) -> httpx2.Response:
        """One request to a cluster's Kubernetes API."""
        self.calls += 1
        verdict = self.judge("kube", None)
        self.kernel.pause(verdict.out)
        if verdict.arrives is not None:
            self.kernel.pause(verdict.back)
            raise httpx2.ReadTimeout("no answer", request=request)
        if verdict.fault is not None and not verdict.fault.acts:
            raise httpx2.ConnectError("connection refused", request=request)
        handling = self._kube.handle(Asked(request, certificate))  # type: ignore[arg-type]
        answer = to_the_end(handling)
        self.kernel.pause(verdict.back)
        return httpx2.Response(
            answer.status, headers=dict(answer.headers), content=answer.body, request=request
        )


def emptied(body: bytes) -> bytes:
    """The answer of a list that shows nothing, consistent in itself."""
    document = json.loads(body)
    if not isinstance(document, dict):
        return b"[]" if isinstance(document, list) else body
    return json.dumps({key: _nothing(key, value) for key, value in document.items()}).encode()


def _nothing(key: str, value: Any) -> Any:
    if key.lower().replace("_", "") == "totalcount":
        return 0
    if isinstance(value, list):
        return []
    if isinstance(value, dict):
        return {inner: _nothing(inner, part) for inner, part in value.items()}
    return value
