"""The states that ECS resources go through (ECS API reference: instance life cycle)."""

from __future__ import annotations

from ackgpu.emulator.lifecycle import Lifecycle

INSTANCE = Lifecycle(
    "instance",
    frozenset(
        {
            ("Pending", "Starting"),
            ("Pending", "Stopped"),  # made with CreateInstance
            ("Starting", "Running"),
            ("Running", "Stopping"),
            ("Stopping", "Stopped"),
            ("Stopped", "Starting"),
            # A forced release ends an instance that does not run yet, too.
            ("Pending", "Stopping"),
            ("Starting", "Stopping"),
        }
    ),
)
"""Release is not a state: a released instance is no longer listed."""
