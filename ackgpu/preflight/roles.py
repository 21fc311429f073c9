"""Whether Container Service is open, and whether it was granted its service roles."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from urllib.parse import quote

from ackgpu.cloud.api import ContainerApi
from ackgpu.engine.reads import ReadResults
from ackgpu.errors import AccessDenied, CloudError
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.reads import MISSING_ROLES
from ackgpu.spec.model import ClusterSpec
from ackgpu.tables import table

_document = partial(table, "preflight", "roles")
NOT_OPEN = ("notopen", "notactivated", "notenabled", "unopened", "notopened")


def wanted_roles(spec: ClusterSpec) -> list[str]:
    """The roles of the quick authorisation, and the optional ones that ``spec`` has a use for."""
    return [*_document()["quick"], *_optional(spec)]


def grant_link(region: str, roles: Sequence[str]) -> str:
    """Where the account grants ``roles``: a page of the console of the region's site."""
    document = _document()
    by_service: dict[str, list[dict[str, str]]] = {}
    for role in roles:
        service = document["optional"].get(role, {}).get("service", "CS")
        template = document["quick"].get(role, role)
        by_service.setdefault(service, []).append({"RoleName": role, "TemplateId": template})
    request = {
        "ReturnUrl": document["link"]["return"],
        "Services": [{"Service": name, "Roles": rows} for name, rows in by_service.items()],
    }
    site = next(url for prefix, url in document["site"].items() if region.startswith(prefix))
    return f"{site}{document['link']['path']}{quote(json.dumps(request, separators=(',', ':')))}"


def _optional(spec: ClusterSpec) -> list[str]:
    moments = {"scaling"}
    if any(pool.auto_scaling.enable for pool in spec.node_pools):
        moments.add("autoscaling")
    rows: Mapping[str, Mapping[str, str]] = _document()["optional"]
    return [role for role, row in rows.items() if row["when"] in moments]


def _reads(target: Target) -> Reads:
    roles = wanted_roles(target.spec)
    return {MISSING_ROLES: call(ContainerApi.missing_roles, roles)}


def _judge_service(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    """No call tells whether the service is open; one that is refused for it does.

    The code of that refusal is UNCONFIRMED: codes that say "not open" in any spelling are taken.
    """
    del target
    error = facts.error(MISSING_ROLES)
    code = error.error_code.lower().replace("_", "") if isinstance(error, CloudError) else ""
    if any(word in code for word in NOT_OPEN):
        fix = f"Open it once, as the account: {_document()['link']['open']}"
        yield CheckFinding("service", "error", "Container Service is not open", code, fix)
    elif error is not None and not isinstance(error, AccessDenied):
        # Not taken for open: Check.run tells it as unknown, with the error's own words.
        raise error
    elif error is None:
        yield CheckFinding("service", "ok", "Container Service answers")
    else:
        yield CheckFinding(
            "service", "unknown", "RAM refuses the call that would tell", error.message
        )


def _judge_roles(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    """Without one of the quick authorisation ACK refuses; the others it may want later."""
    missing = facts[MISSING_ROLES]
    region = target.spec.region
    # One link for all: each grant is a page to be confirmed by the account.
    needed = [role for role in missing if role in _document()["quick"]]
    for role in needed:
        link = grant_link(region, needed)
        fix = f"Grant all that are missing at once, as the account: {link}"
        yield CheckFinding("roles", "error", f"the service role {role} is not granted", "", fix)
    for role in missing:
        if role not in needed:
            fix = f"Grant it, as the account: {grant_link(region, [role])}"
            why = "ACK takes it when it scales the pool"
            yield CheckFinding(
                "roles", "warning", f"the service role {role} is not granted", why, fix
            )
    if not missing:
        yield CheckFinding("roles", "ok", f"{len(wanted_roles(target.spec))} service roles granted")


SERVICE = Check("service", _judge_service, _reads)
ROLES = Check("roles", _judge_roles, _reads)
