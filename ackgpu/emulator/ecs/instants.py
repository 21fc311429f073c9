"""Instants as ECS writes them: in UTC, with or without seconds, by operation."""

from __future__ import annotations

from datetime import datetime

NEVER = "2099-12-31T15:59Z"
"""The ExpiredTime of what is paid for as it is used."""


def seconds_text(instant: datetime) -> str:
    """With seconds: ``2026-11-24T00:00:00Z`` (security groups, disks, interfaces)."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def minutes_text(instant: datetime) -> str:
    """Without seconds: ``2026-11-24T00:00Z`` (instances, key pairs)."""
    return instant.strftime("%Y-%m-%dT%H:%MZ")
