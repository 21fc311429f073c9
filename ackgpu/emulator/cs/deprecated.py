"""Fields of CreateCluster that ACK announced to ignore or to refuse from 2026 on."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.tables import table


def taken_of(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """What is taken of a request for a cluster: a doubt, and so are the words of a refusal."""
    reading = call.doubt("deprecated_fields")
    names = table("cs/deprecated")["fields"]
    found = [key for key in body if any(fnmatchcase(key, name) for name in names)]
    if found and reading == "refused":
        raise ApiError("InvalidParameter", f"parameter {found[0]} is deprecated")
    return {k: v for k, v in body.items() if k not in found} if reading == "ignored" else body
