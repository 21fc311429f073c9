"""How a cluster's pools scale by themselves: kept, and the component that does it installed.

What scales pools here (:mod:`.scaling`) does not read these settings.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.addon_docs import installed, put_addon
from ackgpu.emulator.cs.lookup import body_of, running_cluster, text
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import invalid
from ackgpu.emulator.operation import Call

EXPANDERS = frozenset({"least-waste", "random", "priority"})
COMPONENTS = {"goatscaler": "ack-goatscaler", "cluster-autoscaler": "cluster-autoscaler"}
"""What scales nodes, by ``scaler_type``; the SDK's default is the first."""


@PRODUCT.operation("CreateAutoscalingConfig", "POST /cluster/{cluster_id}/autoscale/config/")
def create_autoscaling_config(call: Call) -> dict[str, Any]:
    """Set, or set again, how the cluster's nodes scale. What is not given has its default."""
    cluster, body = running_cluster(call), body_of(call)
    kind = text(body, "scaler_type", "goatscaler")
    expander = text(body, "expander", "least-waste")
    if kind not in COMPONENTS:
        raise invalid("scaler_type")
    if expander not in EXPANDERS:
        raise invalid("expander")
    if expander == "priority" and not body.get("priorities"):
        raise invalid("priorities")
    cluster.body["autoscaling"] = body | {"scaler_type": kind, "expander": expander}
    call.docs.put(cluster)
    if COMPONENTS[kind] not in {doc.name for doc in installed(call, cluster)}:
        put_addon(call, cluster, COMPONENTS[kind], at=call.now + durations.ADDON_CHANGE)
    course = TaskCourse([("Configure autoscaling", durations.ADDON_CHANGE)])
    task = make_task(call, cluster, "cluster_configuration_modify", course)
    return {"cluster_id": cluster.id, "task_id": task.id}
