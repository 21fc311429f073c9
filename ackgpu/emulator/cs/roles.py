"""The service roles that Container Service needs, and its refusals where one is not granted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram.presets import find_role
from ackgpu.emulator.shared.tables import table

_PLACE = "https://ram.console.aliyun.com/role/authorize?request="


def is_granted(call: Call, role: str) -> bool:
    """Whether the account has the role: RAM's own view, less the scenario's ``missing_roles``."""
    missing = tuple(call.settings.get("missing_roles", ()))
    return find_role(call.docs, role, missing) is not None


def cluster_refusals(call: Call) -> Iterator[tuple[str, str]]:
    """Code and message for each role that a managed cluster needs and the account lacks."""
    for role, code in table("cs/roles")["cluster_refusals"].items():
        if not is_granted(call, role):
            message = "please complete the cluster addon's service ramrole authorization at"
            yield code, f"{message} {link(*table('cs/roles')['quick_authorisation'])}"


def link(*roles: str, service: str = "CS") -> str:
    """The page that grants ``roles``, as the refusals of Container Service carry it."""
    templates = table("cs/roles")["quick_authorisation"]
    rows = [{"RoleName": role, "TemplateId": templates.get(role, role)} for role in roles]
    request = {
        "ReturnUrl": "https://cs.console.aliyun.com/",
        "Services": [{"Service": service, "Roles": rows}],
    }
    return _PLACE + quote(json.dumps(request, separators=(",", ":")))
