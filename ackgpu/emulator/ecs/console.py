"""GetInstanceConsoleOutput: what an instance has printed on its serial console, in Base64.

The kernel's and cloud-init's lines are shortened to what tells of a boot. Lines of a scenario, and
those of a driver or a kubelet that failed, are kept with the node's document (``console``).
"""

from __future__ import annotations

import base64
from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.instance_reads import instance
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.shared.lifecycle import reached

BOOT = (
    "[    0.000000] Linux version 5.10.134-19.2.al8.x86_64",
    "[    2.104113] systemd[1]: Set hostname to <{host}>.",
    "[   11.402290] cloud-init[912]: Cloud-init v. 19.1.21 running 'modules:final'",
)


@PRODUCT.operation("GetInstanceConsoleOutput")
def get_instance_console_output(call: Call) -> dict[str, Any]:
    """What was printed so far: nothing before the instance runs."""
    doc = instance(call, call.params.required("InstanceId"))
    started = reached(doc.body["phases"], "Running")
    lines: list[str] = []
    if started is not None and started <= call.now:
        node = call.docs.get("node", doc.id)
        lines = [*BOOT, *(node.body.get("console", ()) if node else ())]
    host = doc.body["HostName"] or f"iZ{doc.id.removeprefix('i-')}Z"
    text = "".join(f"{line}\n" for line in lines).replace("{host}", host)
    return {
        "InstanceId": doc.id,
        "ConsoleOutput": base64.b64encode(text.encode()).decode(),
        "LastUpdateTime": stamp(call, call.now),
    }
