"""``export``: a cluster that stands, written down for ackgpu, Terraform or ROS. It only reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ackgpu.commands.export.ros import to_ros
from ackgpu.commands.export.snapshot import ClusterSnapshot, read
from ackgpu.commands.export.spec import to_spec
from ackgpu.commands.export.terraform import to_terraform
from ackgpu.errors import UsageError
from ackgpu.render.results import PlainText, Result
from ackgpu.session import Session

Form = Literal["spec", "terraform", "ros"]
_WRITERS: dict[Form, Callable[[ClusterSnapshot], str]] = {
    "spec": to_spec,
    "terraform": to_terraform,
    "ros": to_ros,
}


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """The options of ``export``."""

    name: str
    form: Form


def execute(options: ExportOptions, session: Session) -> Result:
    """Write the cluster down; what could not be read is a warning.

    Raises UsageError for a form that there is not.
    """
    if options.form not in _WRITERS:
        raise UsageError(f"The form {options.form} is not known.", details=tuple(_WRITERS))
    standing = read(session, options.name)
    part = PlainText(text=_WRITERS[options.form](standing))
    return Result(command=f"export {options.form}", part=part, warnings=standing.unread)
