"""Tables that are shipped beside the code, in a package's folder ``data``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(package: str, name: str) -> dict[str, Any]:
    """The TOML table of that name. Do not change it."""
    text = files(f"ackgpu.{package}").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
