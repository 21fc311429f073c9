"""DryRun: a request that passes every check is answered with an error that says so."""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call


def end_dry_run(call: Call) -> None:
    """Call it last: raises DryRunOperation where DryRun is true, which undoes what was written."""
    if call.params.boolean("DryRun"):
        raise ApiError(
            "DryRunOperation", "Request validation has been passed with DryRun flag set."
        )
