"""Kubernetes versions as ACK names them: ``1.34.1-aliyun.1``."""

from __future__ import annotations


def is_of(version: str, wanted: str) -> bool:
    """Whether ``version`` is the one that is wanted, or of the minor that is, such as ``1.34``."""
    return version == wanted or version.startswith((f"{wanted}.", f"{wanted}-"))
