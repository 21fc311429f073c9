"""``version``: ackgpu's own, and those of what it stands on."""

from __future__ import annotations

import importlib.metadata
import platform

from ackgpu import __version__
from ackgpu.app import App
from ackgpu.render.output import present
from ackgpu.render.results import Facts, Result

SHOWN = (
    "alibabacloud-cs20151215",
    "alibabacloud-ecs20140526",
    "alibabacloud-vpc20160428",
    "darabonba-core",
    "typer",
    "lightkube",
)


def run(app: App) -> int:
    """Print the versions."""
    facts = {"ackgpu": __version__, "python": platform.python_version()}
    facts |= {name: importlib.metadata.version(name) for name in SHOWN}
    part = Facts(headline=f"ackgpu {__version__}", facts=facts)
    return present(app.streams, app.settings.output, Result(command="version", part=part))
