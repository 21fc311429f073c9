"""The states that ECS resources go through (ECS API reference: instance life cycle)."""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.shared.lifecycle import Lifecycle

INSTANCE = Lifecycle(
    "instance",
    frozenset(
        {
            ("Pending", "Starting"),
            ("Pending", "Stopped"),  # made with CreateInstance
            ("Starting", "Running"),
            ("Running", "Stopping"),
            ("Running", "Starting"),  # a restart
            ("Stopping", "Stopped"),
            ("Stopped", "Starting"),
            # A forced release ends an instance that does not run yet, too.
            ("Pending", "Stopping"),
            ("Starting", "Stopping"),
        }
    ),
)
"""Release is not a state: a released instance is no longer listed."""


def wrong_state() -> ApiError:
    """The instance's state does not allow the operation."""
    return ApiError(
        "IncorrectInstanceStatus",
        "The current status of the resource does not support this operation.",
        403,
    )
