"""The emulator's tables: the JSON files below ``data/``, each read once."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(path: str) -> dict[str, Any]:
    """The table ``data/<path>.json``; not to be changed. Raises FileNotFoundError for no table."""
    text = files("ackgpu.emulator").joinpath("data", f"{path}.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
