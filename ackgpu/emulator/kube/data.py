"""The tables of this package, read once from ``data/``."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """A JSON table by its path below ``data``, without its ending."""
    text = files("ackgpu.emulator").joinpath("data", f"{name}.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
