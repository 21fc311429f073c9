"""Kubernetes versions as ACK names them: ``1.34.1-aliyun.1``."""

from __future__ import annotations

import re

AS_WRITTEN = re.compile(r"(\d+)\.(\d+)(?:\.(\d+)(?:-aliyun\.\d+)?)?")
"""A version, or a minor of which the newest is meant."""
_MINOR = re.compile(r"(\d+)\.(\d+)")


def minor_of(version: str) -> tuple[int, int] | None:
    """The minor, (1, 34) of ``1.34.1-aliyun.1`` and of ``1.34``; None of a word such as auto."""
    found = _MINOR.match(version)
    return (int(found[1]), int(found[2])) if found else None


def is_of(version: str, wanted: str) -> bool:
    """Whether ``version`` is the one that is wanted, or of the minor that is, such as ``1.34``."""
    return version == wanted or version.startswith((f"{wanted}.", f"{wanted}-"))
