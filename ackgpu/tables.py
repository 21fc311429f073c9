"""Tables that are shipped beside the code, in a package's folder ``data``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from ackgpu import flag


@cache
def table(package: str, name: str) -> dict[str, Any]:
    """The TOML table of that name, with its flags spelled out. Do not change it."""
    text = files(f"ackgpu.{package}").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(spelled_out(text))


def spelled_out(text: str) -> str:
    """``text`` with a flag's name in the place of each ``{flag.NAME}``."""
    return re.sub(r"\{flag\.(\w+)\}", lambda named: str(getattr(flag, named[1])), text)
