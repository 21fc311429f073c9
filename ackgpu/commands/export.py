"""``export``: a cluster that stands, written down for ackgpu, Terraform or ROS. Reads alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ackgpu.app import App
from ackgpu.commands.export_ros import to_ros
from ackgpu.commands.export_spec import to_spec
from ackgpu.commands.export_terraform import to_terraform
from ackgpu.commands.standing import Standing, read
from ackgpu.render.output import present
from ackgpu.render.results import PlainText, Result

Form = Literal["spec", "terraform", "ros"]
_WRITERS: dict[Form, Callable[[Standing], str]] = {
    "spec": to_spec,
    "terraform": to_terraform,
    "ros": to_ros,
}


def run(app: App, name: str, form: Form) -> int:
    """Write the cluster ``name`` in ``form``; what could not be read is a warning."""
    standing = read(app, name)
    part = PlainText(text=_WRITERS[form](standing))
    result = Result(command=f"export {form}", part=part, warnings=standing.unread)
    return present(app.streams, app.settings.output, result)
