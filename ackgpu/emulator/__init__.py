"""The cloud, emulated: `Emulator` serves an account on loopback.

Nothing of the rest of the program is imported here but the clock, and no constant is shared with
it: that is what makes the emulator evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ackgpu.emulator.front import Emulator

__all__ = ["Emulator"]


def __getattr__(name: str) -> Any:
    if name == "Emulator":
        from ackgpu.emulator.front import Emulator

        return Emulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
