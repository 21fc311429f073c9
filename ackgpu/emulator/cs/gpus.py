"""What GPU a node of an instance type sees, and the labels that its bootstrap gives it.

The labels follow ``nvidia-smi`` on the node: ``nvidia_name`` is the product name with hyphens for
spaces, ``nvidia_mem`` the memory of one card. They depend on the driver as well as on the type.
"""

from __future__ import annotations

from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.gpus import Gpu
from ackgpu.emulator.shared.tables import table

PREFIX = "aliyun.accelerator"
DRIVER_LABEL = "ack.aliyun.com/nvidia-driver-version"
SCHEDULE_LABEL = "ack.node.gpu.schedule"
SCHEDULE_LABEL_SINCE = (1, 32)
"""From this Kubernetes version on, bootstrap sets the schedule label (GPU scheduling page)."""


def gpu_of(instance_type: str, driver: str = "") -> Gpu | None:
    """The GPU of an instance type, None where it has none.

    ``driver`` is the one that the pool asks for by label; one that ACK does not offer falls back
    to the family's own in silence, as the service does.
    """
    row = catalog.instance_type(instance_type)
    if row is None or not row["gpu_amount"]:
        return None
    gpus = table("cs/gpus")
    known = gpus["types"].get(instance_type) or gpus["families"].get(row["family"])
    if known is None:
        return None
    chosen = driver if driver in gpus["drivers"] else known["driver"]
    by_driver = known.get("by_driver", {})
    memory = by_driver.get(chosen.partition(".")[0], known["memory_mib"])
    return Gpu(known["name"], memory, row["gpu_amount"], chosen, gpus["drivers"][chosen])


def labels(gpu: Gpu) -> dict[str, str]:
    """The node labels that describe a GPU."""
    return {
        f"{PREFIX}/nvidia_name": gpu.name.replace(" ", "-"),
        f"{PREFIX}/nvidia_mem": f"{gpu.memory_mib}MiB",
        f"{PREFIX}/nvidia_count": str(gpu.count),
        f"{PREFIX}/xpu_type": "nvidia",
    }


def schedule_labels(kubernetes_version: str) -> dict[str, str]:
    """The schedule label that bootstrap gives a GPU node of that Kubernetes version."""
    major, minor = (int(number) for number in kubernetes_version.split(".")[:2])
    return {SCHEDULE_LABEL: "default"} if (major, minor) >= SCHEDULE_LABEL_SINCE else {}
