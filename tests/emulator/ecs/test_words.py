"""The words of ECS's refusals: those of the public tables, by which clients tell them apart."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.emulator import Emulator
from tests.emulator.ecs.machines import TYPE, Machines

NOT_FOUND = ("not exist", "not found")
"""What the vendor's own CLI looks for: its SDK setting hands it no code, only words."""
DEPENDENCY = ("dependency", "dependent", "in use", "There is still instance(s)")
INITIALISING = ("does not support this operation",)


def words(machines: Machines, action: str, **parameters: Any) -> tuple[str, str]:
    """The code and message of a refusal, without what the SDK puts around the message."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- the SDKs' classes differ
        machines.ecs(action, **parameters)
    error: Any = caught.value
    return error.code, error.data["Message"]


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (
            {"ImageId": "m-none"},
            "InvalidImageId.NotFound",
            "The specified ImageId does not exist.",
        ),
        (
            {"VSwitchId": "vsw-none"},
            "InvalidVSwitchId.NotFound",
            "Specified virtual switch does not exist.",
        ),
        (
            {"KeyPairName": "none"},
            "InvalidKeyPairName.NotFound",
            "The specified parameter KeyPairName does not exist in our records.",
        ),
        (
            {"InstanceType": "ecs.none.large"},
            "InvalidInstanceType.ValueNotSupported",
            "The specified InstanceType does not exist or beyond the permitted range.",
        ),
        (
            {"SystemDisk": {"Category": "cloud_none"}},
            "InvalidSystemDiskCategory.ValueNotSupported",
            'The specified parameter "SystemDisk.Category" is not valid.',
        ),
    ],
)
def test_a_launch_is_refused_in_public_words(
    machines: Machines, changes: dict[str, Any], code: str, message: str
) -> None:
    assert words(machines, "RunInstances", **machines.request(**changes)) == (code, message)


def test_no_stock_and_no_quota_have_their_words(machines: Machines, emulator: Emulator) -> None:
    settings = emulator.backend.settings
    settings["limits"] = {"vgpu_instances": 0}
    assert words(machines, "RunInstances", **machines.request()) == (
        "QuotaExceed.ElasticQuota",
        "No additional quota is available for the specified ECS instance type.",
    )
    settings["limits"] = {}
    settings["faults"] = [{"kind": "stock_out", "instance_type": TYPE}]
    assert words(machines, "RunInstances", **machines.request()) == (
        "OperationDenied.NoStock",
        "The resource is out of usage.",
    )


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("DeleteInstance", {"InstanceId": "i-none"}),
        ("DescribeSecurityGroupAttribute", {"SecurityGroupId": "sg-none"}),
        ("DeleteDisk", {"DiskId": "d-none"}),
        ("AttachKeyPair", {"KeyPairName": "none", "InstanceIds": '["i-none"]'}),
    ],
)
def test_what_is_not_there_is_said_so_that_a_client_knows_it(
    machines: Machines, action: str, parameters: dict[str, Any]
) -> None:
    code, message = words(machines, action, **parameters)
    assert code.endswith("NotFound")
    assert any(part in message for part in NOT_FOUND), message


def test_a_group_in_use_and_a_young_instance_are_told_in_known_words(machines: Machines) -> None:
    (instance_id,) = machines.run()
    code, message = words(machines, "DeleteInstance", InstanceId=instance_id, Force=True)
    assert code == "IncorrectInstanceStatus.Initializing"
    assert any(part in message for part in INITIALISING)
    code, message = words(machines, "DeleteSecurityGroup", SecurityGroupId=machines.group_id)
    assert code == "DependencyViolation"
    assert any(part in message for part in DEPENDENCY)
