"""``export``: a cluster that stands, written down for ackgpu, Terraform or ROS. It only reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ackgpu.commands.export_ros import to_ros
from ackgpu.commands.export_spec import to_spec
from ackgpu.commands.export_terraform import to_terraform
from ackgpu.commands.snapshot import ClusterSnapshot, read
from ackgpu.render.results import PlainText, Result
from ackgpu.session import Session

Form = Literal["spec", "terraform", "ros"]
_WRITERS: dict[Form, Callable[[ClusterSnapshot], str]] = {
    "spec": to_spec,
    "terraform": to_terraform,
    "ros": to_ros,
}


def run(session: Session, name: str, form: Form) -> Result:
    """Write the cluster ``name`` in ``form``; what could not be read is a warning."""
    standing = read(session, name)
    part = PlainText(text=_WRITERS[form](standing))
    return Result(command=f"export {form}", part=part, warnings=standing.unread)
