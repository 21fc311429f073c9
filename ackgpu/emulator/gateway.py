"""The gateway in front of every emulated product: one request in, one answer out.

Order: the operation is found, the sender authenticated, a fault may strike, RAM is asked (where
enforcement is on), parameters are checked, and the handler carries the operation out once a client
token, all in one transaction. What the gateway itself refuses (action, signature, flow control)
has the envelope of RPC products everywhere; for Container Service that is UNCONFIRMED, and the
vendor's SDKs read both.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ackgpu.emulator import answers, parameters, ram_enforcement, tokens
from ackgpu.emulator.account import REGION, Key, find_key
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.dispatch import Route, Router, action_and_version, load_products, not_found
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.faults import Fault, Faults
from ackgpu.emulator.operation import Call, Product
from ackgpu.emulator.real_time import REAL
from ackgpu.emulator.request_log import LoggedRequest, RequestLog, shared
from ackgpu.emulator.shared.catalog import regions
from ackgpu.emulator.signature import Nonces, authenticate
from ackgpu.emulator.store import Transaction
from ackgpu.emulator.timeline import WallClock
from ackgpu.emulator.wire import HttpAnswer, WireRequest

REGIONAL = frozenset({"ecs", "vpc", "slb", "nlb", "alb"})
"""Products whose RPC operations refuse a region that does not exist; the rest are global."""
HOST = re.compile(r"[a-z]+(?:-vpc|-internal)?[.-]([a-z]{2}-[a-z0-9-]+)\.aliyuncs\.com(?::\d+)?")

log = logging.getLogger(__name__)


@dataclass
class Exchange:
    """What is known of a request so far; the request log is written from it."""

    request: WireRequest
    request_id: str
    parameters: dict[str, str] = field(default_factory=dict)
    body: Any = None
    route: Route | None = None
    region: str = ""
    access_key_id: str = ""
    at: float = 0.0
    unknown: tuple[str, ...] = ()
    fault: Fault | None = None
    admitted: bool = False
    code: str = ""

    @property
    def host(self) -> str:
        """The host that the client meant, as error bodies name it."""
        return self.request.header("host")

    @property
    def as_xml(self) -> bool:
        """Whether the answer is XML: RPC V1 requests that do not ask for JSON."""
        if self.request.path != "/" or self.request.header("authorization"):
            return False
        return self.parameters.get("Format", "XML").upper() == "XML"


class Gateway:
    """Answers requests. It never raises: what goes wrong inside is an InternalError answer.

    ``wall`` is the clock that the dates of requests are compared with: the real one, since clients
    sign with theirs, also where the emulated cloud's time is moved by hand.
    """

    def __init__(  # noqa: PLR0913 -- a record of options, all by name
        self,
        backend: Backend,
        *,
        products: Sequence[Product] | None = None,
        faults: Faults | None = None,
        requests: RequestLog | None = None,
        wall: WallClock | None = None,
        enforce_ram: bool = False,
    ) -> None:
        self.backend = backend
        self.requests = RequestLog() if requests is None else requests
        self.enforce_ram = enforce_ram
        self.faults = Faults()
        self.set_faults(faults or self.faults)
        self._wall = wall or REAL
        self._nonces = Nonces()
        self.products = load_products() if products is None else products
        self._router = Router(self.products)

    def set_faults(self, faults: Faults) -> None:
        """Put other faults in force; domain faults become the ``faults`` of the settings."""
        self.faults = faults
        self.backend.settings["faults"] = faults.domain

    def answer(self, request: WireRequest) -> HttpAnswer:
        """Carry a request out, log it, and say how it went."""
        started = REAL.now()
        exchange = Exchange(request, self.backend.new_request_id())
        try:
            answer = self._carry_out(exchange)
        except ApiError as error:
            answer = self._refuse(exchange, error)
        except sqlite3.DatabaseError as error:
            log.error("The account cannot be used: %s", error)  # noqa: TRY400 -- no fault of ours
            answer = self._refuse(exchange, self._unusable(error))
        except Exception:
            log.exception("The emulator failed on %s %s", request.method, request.path)
            internal = ApiError("InternalError", "The request processing has failed.", 500)
            answer = self._refuse(exchange, internal)
        if exchange.fault is not None:
            # After the transaction: the request has been carried out, and only its answer is lost.
            answer = exchange.fault.spoil(answer)
        self._log(exchange, answer, REAL.now() - started)
        return answer

    def _unusable(self, error: sqlite3.DatabaseError) -> ApiError:
        """The file was damaged, or its disk is full, while it is served."""
        words = f"The emulated account {self.backend.store.path} cannot be used: {error}."
        return ApiError("InternalError", words, 500)

    def _carry_out(self, exchange: Exchange) -> HttpAnswer:
        exchange.parameters = exchange.request.parameters()
        route = self._router.find(exchange.request)
        operation = route.operation
        # Before the signature is looked at, as for an action that nobody knows.
        if not operation.is_known(self.backend.settings):
            raise not_found()
        exchange.route = route
        # One transaction from the key to the answer: two requests with one token cannot cross.
        with self.backend.transaction(operation.writes) as session:
            key = self._authenticate(exchange, session)
            self._strike(exchange, route)
            # The connection is cut before anything is done: what is answered here is never seen.
            if exchange.fault is not None and not exchange.fault.acts:
                return answers.success(operation, {}, exchange.request_id, as_xml=False)
            result = tokens.carry_out(self._admit(exchange, route, key, session))
        return answers.success(operation, result, exchange.request_id, as_xml=exchange.as_xml)

    def _authenticate(self, exchange: Exchange, session: Transaction) -> Key:
        now = exchange.at = self.backend.timeline_now(session)
        key = authenticate(
            exchange.request,
            lambda access_key_id: find_key(session, access_key_id, now),
            wall=self._wall.wall(),
            now=now,
            nonces=self._nonces,
        )
        exchange.access_key_id = key.caller.access_key_id
        return key

    def _strike(self, exchange: Exchange, route: Route) -> None:
        fault = exchange.fault = self.faults.choose(
            route.product.code.lower(), route.operation.name, exchange.at
        )
        refusal = fault.refusal() if fault is not None else None
        if refusal is not None:
            raise refusal

    def _admit(self, exchange: Exchange, route: Route, key: Key, session: Transaction) -> Call:
        """The call as its handler gets it, once RAM and the parameter tables let it pass."""
        exchange.admitted = True
        if route.product.style == "roa":
            exchange.parameters = dict(exchange.request.query)
            exchange.body = _json_body(exchange.request)
        exchange.region = self._region(exchange, route)
        if self.enforce_ram:
            ram_enforcement.enforce(session, key.caller, route, exchange.region)
        exchange.unknown = parameters.check(route, exchange.parameters, exchange.body)
        call = self.backend.call(
            session,
            route.operation,
            params=exchange.parameters,
            region=exchange.region,
            path=route.path,
            body=exchange.body,
            caller=key.caller,
            request_id=exchange.request_id,
        )
        if exchange.fault is not None and not route.operation.writes:
            # Reads lag behind by being made in the past; writes go by what there is.
            call.now -= exchange.fault.behind
        return call

    def _region(self, exchange: Exchange, route: Route) -> str:
        """RegionId, else the host's region, else the account's own for RPC operations."""
        named = exchange.parameters.get("RegionId", "")
        if not named:
            match = HOST.fullmatch(exchange.host)
            named = match[1] if match else ""
        # Container Service's operations refuse a region themselves, where they need one.
        if route.product.style == "roa":
            return named
        known = {row["id"] for row in regions(self.backend.settings)}
        if named and named not in known and route.product.code.lower() in REGIONAL:
            raise ApiError(
                "InvalidRegionId.NotFound", "The specified RegionId does not exist.", 404
            )
        return named or REGION

    @staticmethod
    def _refuse(exchange: Exchange, error: ApiError) -> HttpAnswer:
        exchange.code = error.code
        route = exchange.route
        return answers.refusal(
            error,
            exchange.request_id,
            host=exchange.host,
            lower_case=bool(
                exchange.admitted and route is not None and route.product.error_style == "cs"
            ),
            as_xml=exchange.as_xml,
        )

    def _log(self, exchange: Exchange, answer: HttpAnswer, seconds: float) -> None:
        route = exchange.route
        action = route.operation.name if route else action_and_version(exchange.request)[0]
        if route is None:
            log.info("Refused: %s %s (%s)", exchange.request.method, action, exchange.code)
        self.requests.add(
            LoggedRequest(
                at=exchange.at,
                product=route.product.code if route else "",
                action=action,
                writes=route.operation.writes if route else False,
                region=shared(exchange.region),
                params=shared(tuple(sorted(exchange.parameters))),
                unknown=exchange.unknown,
                access_key_id=shared(exchange.access_key_id),
                status=answer.status,
                code=exchange.code,
                request_id=exchange.request_id,
                seconds=seconds,
                fault=exchange.fault.effect if exchange.fault else "",
            )
        )


def _json_body(request: WireRequest) -> Any:
    if not request.body.strip():
        return None
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise ApiError("InvalidParameter", "The request body is not valid JSON.") from None
