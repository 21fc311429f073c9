"""Who the credentials are, and whether they outlast the creation."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu import flag
from ackgpu.cloud.api import IdentityApi
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Target
from ackgpu.preflight.reads import IDENTITY

ID = "credentials"


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    identity = facts[IDENTITY]
    who = f"{identity.kind} {identity.arn}".strip()
    timeout = target.spec.lifecycle.timeout
    if identity.expires is not None and identity.expires < target.clock.after(timeout):
        yield CheckFinding(
            ID,
            "error",
            "the credentials expire before the creation would end",
            f"{identity.expires:%Y-%m-%d %H:%M} UTC, and it may take {timeout // 60} m",
            f"Get new ones, or give a shorter {flag.TIMEOUT}.",
        )
        return
    if identity.expires is None and not identity.renewed:
        yield CheckFinding(
            ID,
            "warning",
            f"{who} with a security token whose end is not known",
            "nothing renews it while the cluster is made",
            "If it ends meanwhile, get a new one and run create again: it goes on.",
        )
        return
    yield CheckFinding(ID, "ok", who)


CHECK = Check(ID, _judge, lambda _: {IDENTITY: call(IdentityApi.whoami)})
