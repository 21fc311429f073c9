"""``version``: ackgpu's own, and those of what it stands on."""

from __future__ import annotations

import importlib.metadata
import platform

from ackgpu import __version__
from ackgpu.render.results import Facts, Result
from ackgpu.session import Session

SHOWN = (
    "alibabacloud-cs20151215",
    "alibabacloud-ecs20140526",
    "alibabacloud-vpc20160428",
    "darabonba-core",
    "typer",
    "httpx2",
)


def execute(session: Session) -> Result:
    """Print the versions."""
    del session
    facts = {"ackgpu": __version__, "python": platform.python_version()}
    facts |= {name: importlib.metadata.version(name) for name in SHOWN}
    return Result(command="version", part=Facts(headline=f"ackgpu {__version__}", facts=facts))
