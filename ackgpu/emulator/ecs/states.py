"""The states that ECS resources go through (ECS API reference: instance life cycle)."""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.shared.lifecycle import Lifecycle

INSTANCE = Lifecycle(
    "instance",
    {
        # CreateInstance leaves one Stopped; a forced release ends one that does not run yet, too.
        "Pending": "Starting Stopped Stopping",
        "Starting": "Running Stopping",
        "Running": "Stopping Starting",  # Starting: a restart
        "Stopping": "Stopped",
        "Stopped": "Starting",
    },
)
"""Release is not a state: a released instance is no longer listed."""


def wrong_state() -> ApiError:
    """The instance's state does not allow the operation."""
    return ApiError(
        "IncorrectInstanceStatus",
        "The current status of the resource does not support this operation.",
        403,
    )
