"""A network interface changed in place."""

from __future__ import annotations

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.interfaces import own_interface
from ackgpu.emulator.ecs.security_groups import security_group
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call


@PRODUCT.operation("ModifyNetworkInterfaceAttribute", writes=True, idempotent_by_token=False)
def modify_network_interface_attribute(call: Call) -> None:
    """ModifyNetworkInterfaceAttribute: name, description, groups, whether its machine takes it."""
    params = call.params
    doc = own_interface(call)
    group_ids = params.listed("SecurityGroupId")
    for group_id in group_ids:
        if security_group(call, group_id).scope != doc.body["VpcId"]:
            raise ApiError("InvalidOperation.VpcMismatch", f"{group_id} is in another VPC.", 403)
    doc.name = params.text("NetworkInterfaceName", doc.name)
    doc.body["Description"] = params.get("Description", doc.body["Description"])
    doc.body["SecurityGroupIds"] = group_ids or doc.body["SecurityGroupIds"]
    if "DeleteOnRelease" in params:
        doc.body["DeleteOnRelease"] = params.boolean("DeleteOnRelease")
    call.docs.put(doc)
    machine = call.docs.get("instance", doc.body["InstanceId"])
    if machine is not None and doc.body["Type"] == "Primary":
        machine.body["SecurityGroupIds"] = doc.body["SecurityGroupIds"]
        call.docs.put(machine)
