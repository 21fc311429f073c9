"""The refusal of a spec that differs from what stands."""

from __future__ import annotations

from collections.abc import Sequence

from ackgpu.engine.step import Drift
from ackgpu.errors import ConflictError


def drift_error(what: str, drift: Sequence[Drift], resolution: str = "") -> ConflictError:
    """The error that lists the differences of ``what``.

    ``resolution`` says what to do about them; empty, that the commands of the differences change
    them. NAME in a command is filled in where the error is shown.
    """
    exist = "exist and are" if ", " in what else "exists and is"
    return ConflictError(
        f"{what} {exist} not what the spec asks for.",
        details=[f"{d.field}: the spec says {d.wanted}, found {d.found}" for d in drift],
        resolution=resolution
        or in_commands(drift)
        or "Run it again: it shows how the cluster stands now.",
    )


def in_commands(drift: Sequence[Drift]) -> str:
    """That the commands of the differences change them; empty if one of them has none."""
    commands = list(dict.fromkeys(d.command for d in drift))
    if not commands or not all(commands):
        return ""
    named = ", then ".join(f"`ackgpu {command}`" for command in commands)
    return f"{named} changes the cluster to what the spec says."
