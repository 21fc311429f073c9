"""What the installer of a node's driver said, for nodes whose GPU does not come up.

The script that ackgpu gives its pools writes to the instance's console why no driver runs; ACK's
own start-up and NVIDIA's installer may. It is read with GetInstanceConsoleOutput: that changes
nothing in the cluster, needs no pod on a node that may run none, and works at each level.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ackgpu.errors import AccessDenied, CloudError
from ackgpu.spec import drivers
from ackgpu.steps.gpu_checks import NodeCheck, NodeVerdict, is_ack
from ackgpu.steps.user_data import CONSOLE_MARK, DRIVER_LOG

MAX_NODES = 5
"""So many consoles are read: what is wrong with the driver is wrong on all nodes of a pool."""
MAX_LINES = 6
_ABOUT_DRIVERS = re.compile(r"nvidia|NVRM|nouveau|grid_driver", re.IGNORECASE)
_LOGS = {drivers.PLUGIN: DRIVER_LOG}
_OTHER_LOG = "/var/log/nvidia-installer.log"

Console = Callable[[str], str]
"""The text of an instance's console, by the instance's id."""


@dataclass(frozen=True)
class _Told:
    said: str
    unread: str = ""


def with_logs(verdicts: Sequence[NodeVerdict], console: Console | None) -> tuple[NodeVerdict, ...]:
    """The verdicts, of which those that a driver can be to blame for say what its installer said.

    ``console`` None: there is no access to the cloud, only to the cluster.
    """
    read, found = 0, []
    for verdict in verdicts:
        failure = verdict.failure
        if failure is None or not _may_be_the_driver(verdict, failure):
            found.append(verdict)
            continue
        told = _Told("")
        if console is not None and verdict.instance_id and read < MAX_NODES:
            read += 1
            told = _read(console, verdict.instance_id)
        found.append(_with(verdict, failure, told))
    return tuple(found)


def words_of(console: str) -> str:
    """What a console's text says of the driver's installation; empty if nothing.

    Behind the mark of our own script everything counts, elsewhere what names NVIDIA's.
    """
    lines = [" ".join(line.split()) for line in console.splitlines()]
    marked = [number for number, line in enumerate(lines) if CONSOLE_MARK in line]
    if marked:
        after = lines[marked[-1] + 1 :]
        return "; ".join([line for line in after if line][:MAX_LINES]) or lines[marked[-1]]
    wrong = [line for line in lines if _ABOUT_DRIVERS.search(line)]
    return "; ".join(wrong[-MAX_LINES:])


def _may_be_the_driver(verdict: NodeVerdict, failure: NodeCheck) -> bool:
    return failure.by_driver and failure.verdict == "failed" and is_ack(verdict.labels)


def _read(console: Console, instance_id: str) -> _Told:
    try:
        return _Told(words_of(console(instance_id)))
    except AccessDenied as error:
        return _Told("", f"the instance's console may not be read: {error.message}")
    except CloudError as error:
        return _Told("", f"the instance's console could not be read: {error.message}")


def _with(verdict: NodeVerdict, failure: NodeCheck, told: _Told) -> NodeVerdict:
    types = [verdict.instance_type]
    way = drivers.driver_of(drivers.AUTO, types)
    message = failure.message
    if told.said:
        message = f"{message}; the console says of its driver: {told.said}"
    elif told.unread:
        message = f"{message}; {told.unread}"
    log = _LOGS.get(way, _OTHER_LOG)
    remedy = (
        f"{failure.remedy}; unless the pool says otherwise {drivers.told(way, types)}, whose log on"
        f" the node is {log}"
    )
    changed = replace(failure, message=message, remedy=remedy)
    rungs = tuple(changed if rung is failure else rung for rung in verdict.rungs)
    return replace(verdict, rungs=rungs)
