"""Client tokens: a repeated request gets the first one's answer, and nothing is made twice.

The token is kept in the same transaction as what it stands for, so a request is either carried out
and remembered, or neither. How long it holds is a doubt.
Refused requests leave no token. ECS API
reference, "How to ensure idempotence"; that other parameters with the same token are refused with
IdempotentParameterMismatch (400) is documented for ECS and VPC, and UNCONFIRMED for CS.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.parameters import COMMON
from ackgpu.emulator.store import Doc

HELD: Mapping[str, float | None] = {"minute": 60.0, "day": 24 * 3600.0, "forever": None}
"""Seconds, by the reading of the doubt ``token_life``."""
MAX_TOKEN_LENGTH = 64
SWEPT = 4
"""Of the oldest tokens so many are looked at with each new one: those that no longer hold go."""


def carry_out(call: Call) -> Any:
    """The handler's result, or the first one's where the request repeats its token."""
    operation = call.operation
    token = _token(call)
    # Whether CreateCluster honours its token is published nowhere.
    ignored = operation.name == "CreateCluster" and call.doubt("cluster_token") == "ignored"
    if ignored or not (operation.writes and operation.idempotent_by_token and token):
        return operation.handler(call)
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        raise invalid("ClientToken", "It has at most 64 ASCII characters.")
    owner = f"{call.caller.account_id}/{operation.product}/{operation.name}/{call.region}"
    key, print_ = f"{owner}/{token}", _fingerprint(call)
    known = call.docs.get("token", key)
    if known is not None and known.alive(call.now):
        if known.body["request"] != print_:
            raise ApiError(
                "IdempotentParameterMismatch",
                "Request uses a client token in a previous request but is not identical to that"
                " request.",
            )
        # Also if what it stood for has been removed since (ADR 0011).
        return known.body["answer"]
    # A refusal raises, and so leaves no token: the same request may succeed later.
    result = operation.handler(call)
    # A few at each new token, and no sweep: a request must not pay for a day's tokens at once.
    call.docs.forget_gone("token", at=call.now, among=SWEPT)
    life = HELD[call.doubt("token_life")]
    call.docs.put(
        Doc(
            "token",
            key,
            created_at=call.now,
            deleted_at=None if life is None else call.now + life,
            body={"request": print_, "answer": result},
        )
    )
    return result


def _token(call: Call) -> str:
    if isinstance(call.body, Mapping):
        return str(call.body.get("client_token") or "")
    return call.params.text("ClientToken")


def _fingerprint(call: Call) -> str:
    """What makes two requests the same: everything that is not about the signature."""
    own = {
        name: value
        for name, value in call.params.items()
        if name not in COMMON or name in {"RegionId", "DryRun"}
    }
    text = json.dumps([own, dict(call.path), call.body], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
