"""``doctor``: whether this machine, the credentials and the way to the cloud are in order.

It changes nothing; the embedded emulator starts, if wanted, as it does for every command.
"""

from __future__ import annotations

from ackgpu.commands.doctor.cloud import emulator, of_the_cloud
from ackgpu.commands.doctor.diagnosis import Diagnosis, ill
from ackgpu.commands.doctor.machine import on_this_machine
from ackgpu.errors import AckGpuError
from ackgpu.render.results import Result
from ackgpu.render.verdicts import CheckList
from ackgpu.session import Session


def execute(session: Session) -> Result:
    """Look at everything and show it; the exit code is that of the first failure."""
    found = _look(session)
    part = CheckList(title="ackgpu doctor", checks=tuple(one.row for one in found))
    error = next((one.error for one in found if one.error is not None), None)
    return Result(command="doctor", part=part, error=error)


def _look(session: Session) -> list[Diagnosis]:
    try:
        env = session.env
    except AckGpuError as error:  # the embedded emulator cannot start
        return [*on_this_machine(session, session.streams.env), ill("emulator", error)]
    return [*on_this_machine(session, env), *of_the_cloud(session, env), emulator(session)]
