"""Whether Container Service is open, and whether it was granted its service roles."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any

from ackgpu.errors import AccessDenied, CloudError
from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Reads, Target
from ackgpu.spec.model import ClusterSpec

READ = "missing roles"
NOT_OPEN = ("notopen", "notactivated", "notenabled", "unopened", "notopened")


def wanted_roles(spec: ClusterSpec) -> list[str]:
    """The service roles that a cluster of ``spec`` needs."""
    moments = {"always", "scaling"}
    if any(pool.auto_scaling.enable for pool in spec.node_pools):
        moments.add("autoscaling")
    rows: Mapping[str, str] = _document()["roles"]
    return [role for role, moment in rows.items() if moment in moments]


def _reads(target: Target) -> Reads:
    roles = wanted_roles(target.spec)
    return {READ: partial(target.cloud.containers.missing_roles, roles)}


def _judge_service(target: Target, facts: Facts) -> Iterator[Finding]:
    """No call tells whether the service is open; one that is refused for it does.

    The code of that refusal is UNCONFIRMED: codes that say "not open" in any spelling are taken.
    """
    del target
    error = facts.error(READ)
    code = error.error_code.lower().replace("_", "") if isinstance(error, CloudError) else ""
    if any(word in code for word in NOT_OPEN):
        fix = f"Open it once, as the account: {_document()['open']}"
        yield Finding("service", "error", "Container Service is not open", code, fix)
    elif error is not None and not isinstance(error, AccessDenied):
        raise error
    elif error is None:
        yield Finding("service", "ok", "Container Service answers")
    else:
        yield Finding("service", "unknown", "RAM refuses the call that would tell", error.message)


def _judge_roles(target: Target, facts: Facts) -> Iterator[Finding]:
    missing: list[str] = facts[READ]
    for role in missing:
        link = str(_document()["authorize"]).format(role=role)
        yield Finding("roles", "error", f"the service role {role} is not granted", "", link)
    if not missing:
        yield Finding("roles", "ok", f"{len(wanted_roles(target.spec))} service roles granted")


@cache
def _document() -> dict[str, Any]:
    text = files("ackgpu.preflight").joinpath("data/roles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


SERVICE = Check("service", _judge_service, _reads)
ROLES = Check("roles", _judge_roles, _reads)
