"""What Container Service refuses in a node pool's settings."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs.cluster_views import version_of
from ackgpu.emulator.cs.lookup import flag, number, objects, part, tag_rows, text, texts
from ackgpu.emulator.cs.roles import is_granted, link
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.store import Doc

MAX_TYPES, MAX_VSWITCHES, MAX_INSTANCES = 10, 8, 2000
DISK_GIB = (20, 2048)
CHARGE_TYPES = {"PrePaid", "PostPaid"}
POLICIES = {"PRIORITY", "COST_OPTIMIZED", "BALANCE"}
EFFECTS = {"NoSchedule", "NoExecute", "PreferNoSchedule"}
SCALING_TYPES = {"cpu", "gpu", "gpushare", "spot"}
PERIODS = {"Month": {*range(1, 10), 12, 24, 36, 48, 60}, "Week": {1, 2, 3, 4}}
SCALING_ROLE, AUTOSCALER_ROLE = "AliyunOOSLifecycleHook4CSRole", "AliyunCSManagedAutoScalerRole"
CONTAINERD_1_ENDS = (1, 36)
DETECTOR = "ack-node-problem-detector"


def refuse(code: str, message: str) -> ApiError:
    """A refusal of the request (400)."""
    return ApiError(code, message)


def check_pool(call: Call, cluster: Doc, request: dict[str, Any]) -> None:
    """Refuse a new pool that the service would refuse."""
    info, group = part(request, "nodepool_info"), part(request, "scaling_group")
    name = text(info, "name")
    if not name:
        raise refuse("MissingParameter.Name", "nodepool_info.name is required")
    check_name(call, cluster, name)
    if not texts(group, "instance_types") and not objects(group, "instance_patterns"):
        raise refuse("MissingParameter.InstanceTypes", "scaling_group.instance_types is required")
    _check_vgpu(call, texts(group, "instance_types"))
    if not texts(group, "vswitch_ids"):
        raise refuse("InvalidVSwitch.Count", "scaling_group.vswitch_ids is required")
    desired = group.get("desired_size", request.get("count"))
    check_auto_scaling(part(request, "auto_scaling"), desired_given=desired is not None)
    check_group(call, cluster, group)
    _check_login(call, group)
    check_kubernetes(part(request, "kubernetes_config"))
    _check_runtime(call, cluster, part(request, "kubernetes_config"))
    check_management(call, cluster, part(request, "management"))
    check_roles(call, request)


def _check_vgpu(call: Call, types: list[str]) -> None:
    """Whether a pool may have vGPU types is a doubt, and so are the code and its words."""
    rows = [row for row in map(catalog.instance_type, types) if row is not None]
    shared = [str(row["id"]) for row in rows if catalog.is_vgpu(row)]
    if shared and call.doubt("vgpu_types") == "refused":
        raise refuse(
            "InvalidParameter.InstanceTypes",
            f"instance type {shared[0]} is not supported by the cluster",
        )


def check_name(call: Call, cluster: Doc, name: str) -> None:
    """Refuse a name that another pool of the cluster has."""
    for pool in call.docs.find("nodepool", scope=cluster.id, name=name):
        if pool.deleted_at is None or pool.deleted_at > call.now:
            message = f"nodepool name {name} is already exist in cluster {cluster.id}"
            raise refuse("InvalidParameter.Name", message)


def check_auto_scaling(settings: dict[str, Any], *, desired_given: bool) -> None:
    """Refuse limits that are out of order, and a desired size beside auto scaling."""
    low, high = number(settings, "min_instances"), number(settings, "max_instances")
    if not 0 <= low <= high <= MAX_INSTANCES:
        raise refuse(
            "InvalidParameter.AutoScaling", "0 <= min_instances <= max_instances <= 2000 must hold"
        )
    kind = text(settings, "type")
    if kind and kind not in SCALING_TYPES:
        raise refuse("InvalidParameter.AutoScaling", f"auto_scaling.type {kind} is not valid")
    if flag(settings, "enable") and desired_given:
        raise refuse(
            "InvalidDesiredSizeOrCount.NotNull",
            "Parameter desired_size/count setting or modification is not supported for"
            " autoscaling-enabled nodepool",
        )


def check_group(call: Call, cluster: Doc, group: dict[str, Any]) -> None:
    """Refuse a scaling group's settings, as far as they are given."""
    types, vswitch_ids = texts(group, "instance_types"), texts(group, "vswitch_ids")
    if len(types) > MAX_TYPES:
        raise refuse("InvalidParameter.InstanceTypes", "at most 10 instance types can be given")
    if len(vswitch_ids) > MAX_VSWITCHES:
        raise refuse("InvalidVSwitch.Count", "at most 8 vSwitches can be given")
    for vswitch_id in vswitch_ids:
        _check_vswitch(call, cluster, vswitch_id)
    if group.get("desired_size") is not None and not (
        0 <= number(group, "desired_size") <= MAX_INSTANCES
    ):
        raise refuse("InvalidParameter.DesiredSize", "desired_size must be between 0 and 2000")
    size = number(group, "system_disk_size", 120)
    if not DISK_GIB[0] <= size <= DISK_GIB[1]:
        raise refuse("InvalidParameter.SystemDiskSize", "system_disk_size must be 20 to 2048 GiB")
    policy = text(group, "multi_az_policy") or "PRIORITY"
    if policy not in POLICIES:
        raise refuse("InvalidParameter.MultiAzPolicy", f"multi_az_policy {policy} is not valid")
    if text(group, "key_pair") and text(group, "login_password"):
        raise refuse("InvalidParameter.KeyPair", "give either key_pair or login_password")
    if not all(row["key"] for row in tag_rows(group)):
        raise refuse("InvalidParameter.Tags", "a tag needs a key")
    _check_charge(group)
    _check_key_pair(call, cluster, text(group, "key_pair"))


def _check_vswitch(call: Call, cluster: Doc, vswitch_id: str) -> None:
    vswitch = call.docs.get("vswitch", vswitch_id)
    if vswitch is None or not vswitch.alive(call.now) or vswitch.scope != cluster.scope:
        message = f"vswitch {vswitch_id} is not found in vpc {cluster.scope}"
        raise refuse("InvalidVSwitchId.NotFound", message)


def _check_charge(group: dict[str, Any]) -> None:
    charge = text(group, "instance_charge_type") or "PostPaid"
    if charge not in CHARGE_TYPES:
        raise refuse("InvalidParameter.InstanceChargeType", f"charge type {charge} is not valid")
    unit = text(group, "period_unit") or "Month"
    if charge == "PrePaid" and number(group, "period") not in PERIODS.get(unit, set()):
        raise refuse("InvalidParameter.Period", "period is not valid for its period_unit")


def _check_key_pair(call: Call, cluster: Doc, name: str) -> None:
    if not name:
        return
    found = call.docs.find("keypair", at=call.now, region=cluster.region)
    if name not in {doc.name or doc.id for doc in found}:
        raise refuse("InvalidKeyPair.NotFound", f"key pair {name} does not exist")


def _check_login(call: Call, group: dict[str, Any]) -> None:
    """Whether a pool needs a key pair or a password is a doubt, and so are these words."""
    given = text(group, "key_pair") or text(group, "login_password")
    if call.doubt("node_login") == "required" and not given:
        raise refuse(
            "InvalidParameter.KeyPair", "key_pair and login_password can not be both empty"
        )


def check_kubernetes(settings: dict[str, Any]) -> None:
    """Refuse labels and taints that are no labels and taints."""
    for row in objects(settings, "labels"):
        if not text(row, "key"):
            raise refuse("InvalidParameter.Labels", "a label needs a key")
    for row in objects(settings, "taints"):
        if not text(row, "key") or text(row, "effect", "NoSchedule") not in EFFECTS:
            raise refuse("InvalidParameter.Taints", "a taint needs a key and a known effect")


def _check_runtime(call: Call, cluster: Doc, settings: dict[str, Any]) -> None:
    """Kubernetes 1.36 has containerd 2.x only (ACK, 2026-05); the codes are guesses.

    Whether a pool has to name its runtime is a doubt.
    """
    minor = tuple(int(part) for part in version_of(call, cluster).split(".")[:2])
    asked = text(settings, "runtime_version")
    if call.doubt("pool_runtime") == "required" and not (asked and text(settings, "runtime")):
        raise refuse("MissingParameter.RuntimeVersion", "runtime and its version are required")
    if minor >= CONTAINERD_1_ENDS and asked.startswith("1."):
        raise refuse("InvalidParameter.RuntimeVersion", f"containerd {asked} is not supported")


def check_management(call: Call, cluster: Doc, settings: dict[str, Any]) -> None:
    """A managed pool needs the node problem detector (seen in the field)."""
    if not flag(settings, "enable"):
        return
    addon = call.docs.get("addon", f"{cluster.id}/{DETECTOR}")
    if addon is None or not addon.alive(call.now):
        raise refuse(
            "InvalidParameter.Management",
            f"addon {DETECTOR} is not installed; please install the addon",
        )


def check_roles(call: Call, request: dict[str, Any]) -> None:
    """Scaling needs a service role for desired_size, and another for auto scaling."""
    automatic = part(request, "auto_scaling").get("enable")
    sized = part(request, "scaling_group").get("desired_size") is not None
    if sized and not is_granted(call, SCALING_ROLE):
        raise refuse(
            f"MissingAuth.{SCALING_ROLE}",
            f"please complete the {SCALING_ROLE} ramrole authorization "
            f"{link(SCALING_ROLE, service='OOS')}",
        )
    if automatic and not is_granted(call, AUTOSCALER_ROLE):
        raise refuse(
            "ErrAutoScalerRoleNotAttach",
            f"please complete the cluster addon's service ramrole authorization at "
            f"{link(AUTOSCALER_ROLE)}",
        )
