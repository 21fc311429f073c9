from __future__ import annotations

from ackgpu.render.output import fail, present, show_preview, warn

__all__ = ["fail", "present", "show_preview", "warn"]
