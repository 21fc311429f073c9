"""The gateway in front of every emulated product: one request in, one answer out."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from ackgpu.emulator import answers
from ackgpu.emulator.account import ACCESS_KEY_ID, REGION, root
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.routing import Route, Router, load_products
from ackgpu.emulator.wire import Answer, WireRequest

log = logging.getLogger(__name__)


class Gateway:
    """Answers requests. It never raises: what goes wrong inside is an InternalError answer."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.router = Router(load_products())

    def answer(self, request: WireRequest) -> Answer:
        """Carry a request out, in one transaction."""
        request_id = self.backend.new_request_id()
        style = "rpc"
        try:
            route = self.router.find(request)
            style = route.product.error_style
            return self._carry_out(request, route, request_id)
        except ApiError as error:
            return answers.refusal(
                error, request_id, host=request.header("host"), lower_case=style == "cs"
            )
        except Exception:
            log.exception("The emulator failed on %s %s", request.method, request.target)
            error = ApiError("InternalError", "The request processing has failed.", 500)
            return answers.refusal(
                error, request_id, host=request.header("host"), lower_case=style == "cs"
            )

    def _carry_out(self, request: WireRequest, route: Route, request_id: str) -> Answer:
        operation = route.operation
        parameters = request.parameters()
        region = parameters.get("RegionId", "")
        if not region and route.product.style == "rpc":
            region = REGION
        with self.backend.transaction(operation.writes) as session:
            call = self.backend.call(
                session,
                operation,
                params=parameters,
                region=region,
                path=route.path,
                body=json.loads(request.body) if request.body and not request.form else None,
                caller=root(ACCESS_KEY_ID),
                request_id=request_id,
            )
            result = operation.handler(call)
        return answers.success(operation, result, request_id, as_xml=False)
