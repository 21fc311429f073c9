from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from ackgpu import errors
from ackgpu.cloud.aliyun.codes import meaning
from ackgpu.cloud.aliyun.errors import from_body, refuse_hidden_error, translate


def answered(code: str, message: str, status: int = 400, **body: Any) -> ClientException:
    """What the SDK raises for an answer, as it words it."""
    return ClientException(
        status_code=status,
        code=code,
        message=f"code: {status}, {message} request id: R-1",
        data={"Code": code, "Message": message, "RequestId": "R-1", **body},
        request_id="R-1",
    )


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("Throttling", 400, errors.Throttled),
        ("Throttling.User", 400, errors.Throttled),
        ("Throttling.Api", 503, errors.Throttled),
        ("Rejected.Throttling", 400, errors.Throttled),
        ("Whatever", 429, errors.Throttled),
        ("InvalidAccessKeyId.NotFound", 404, errors.Unauthenticated),
        ("InvalidAccessKeyId.Inactive", 400, errors.Unauthenticated),
        ("SignatureDoesNotMatch", 400, errors.Unauthenticated),
        ("InvalidSecurityToken.Expired", 400, errors.Unauthenticated),
        ("InvalidTimeStamp.Expired", 400, errors.Unauthenticated),
        ("Forbidden.RAM", 403, errors.AccessDenied),
        ("Forbidden", 403, errors.AccessDenied),
        ("NoPermission", 403, errors.AccessDenied),
        ("StatusForbidden", 403, errors.AccessDenied),
        ("OperationDenied.NoStock", 403, errors.OutOfStock),
        ("Zone.NotOnSale", 403, errors.OutOfStock),
        ("RecommendEmpty.InstanceTypeNoStock", 400, errors.OutOfStock),
        ("QuotaExceeded.Vpc", 400, errors.QuotaExceeded),
        ("QuotaExceed.SecurityGroup", 403, errors.QuotaExceeded),
        ("QuotaExceed.ElasticQuota", 403, errors.QuotaExceeded),
        ("OperationFailed.EnhancedQuotaExceed", 400, errors.QuotaExceeded),
        ("Forbidden.SnatEntryCountLimited", 400, errors.QuotaExceeded),
        ("AuthorizationLimitExceed", 403, errors.QuotaExceeded),
        ("LimitExceeded.Role", 409, errors.QuotaExceeded),
        ("InvalidVpcId.NotFound", 404, errors.ResourceNotFound),
        ("InvalidVSwitchId.NotFound", 400, errors.ResourceNotFound),
        ("Forbidden.VpcNotFound", 400, errors.ResourceNotFound),
        ("ErrorClusterNotFound", 404, errors.ResourceNotFound),
        ("EntityNotExist.Role", 404, errors.ResourceNotFound),
        ("ResourceNotFound.NatGateway", 404, errors.ResourceNotFound),
        ("InvalidRegionId.NotFound", 404, errors.CloudError),
        ("InvalidAction.NotFound", 404, errors.CloudError),
        ("InvalidZoneId.NotFound", 404, errors.CloudError),
        ("TaskConflict", 409, errors.NotYet),
        ("DependencyViolation.VSwitch", 400, errors.NotYet),
        ("DependencyViolation", 403, errors.NotYet),
        ("IncorrectStatus.NatGateway", 400, errors.NotYet),
        ("IncorrectEipStatus", 400, errors.NotYet),
        ("OperationUnsupported.EipInBinding", 400, errors.NotYet),
        ("InvalidIpStatus.HasBeenUsedBySnatTable", 400, errors.NotYet),
        ("InvalidNodePoolStatus.Forbidden", 400, errors.NotYet),
        ("LastTokenProcessing", 403, errors.NotYet),
        ("ErrorClusterNameAlreadyExist", 400, errors.AlreadyExists),
        ("KeyPair.AlreadyExist", 400, errors.AlreadyExists),
        ("InvalidCidrBlock.Overlapped", 400, errors.AlreadyExists),
        ("InvalidAssociation.Duplicated", 400, errors.AlreadyExists),
        ("Forbidden.SourceVSwitchId.Duplicated", 400, errors.AlreadyExists),
        ("OperationDenied.DeleteProtectionIsOn", 400, errors.DeletionProtected),
        ("ErrorDeletionProtectionEnabled", 400, errors.DeletionProtected),
        ("ServiceUnavailable", 503, errors.Unavailable),
        ("InternalError", 500, errors.LostReply),
        ("SignatureNonceUsed", 400, errors.LostReply),
        ("InvalidCIDR", 400, errors.CloudError),
        ("SomethingNew", 400, errors.CloudError),
    ],
)
def test_codes_mean_what_their_documents_say(
    code: str, status: int, expected: type[errors.CloudError]
) -> None:
    assert meaning(code, status=status, message="m", action="A") is expected


def test_a_pool_name_that_is_taken_is_told_by_its_message() -> None:
    text = "nodepool name gpu is already exist in cluster c1"
    found = meaning("InvalidParameter.Name", status=400, message=text, action="A")
    assert found is errors.AlreadyExists


def test_protection_of_acks_own_security_group_passes_with_its_cluster() -> None:
    code = "InvalidOperation.DeletionProtection"
    protected = meaning(code, status=400, message="m", action="DeleteNatGateway")
    assert protected is errors.DeletionProtected
    assert meaning(code, status=400, message="m", action="DeleteSecurityGroup") is errors.NotYet


def test_an_answer_keeps_action_code_message_and_request_id() -> None:
    raised = answered("QuotaExceeded.Vpc", "VPC quota exceeded.")
    error = translate("CreateVpc", raised)
    assert isinstance(error, errors.QuotaExceeded)
    assert error.message == "CreateVpc was refused: VPC quota exceeded."
    assert (error.cloud_code, error.error_code) == ("QuotaExceeded.Vpc", "QuotaExceeded.Vpc")
    assert (error.action, error.status, error.request_id) == ("CreateVpc", 400, "R-1")
    assert "check-quota" in str(error.resolution)
    assert error.exits_with == 11


def test_a_denial_says_which_action_to_grant_to_whom() -> None:
    detail = {
        "AuthAction": "vpc:CreateVpc",
        "AuthPrincipalDisplayName": "ci-user",
        "NoPermissionType": "ImplicitDeny",
    }
    raised = answered("NoPermission", "You are not authorized.", 403, AccessDeniedDetail=detail)
    error = translate("CreateVpc", raised)
    assert isinstance(error, errors.AccessDenied)
    assert error.exits_with == 4
    assert "vpc:CreateVpc" in error.message
    assert "ci-user" in error.message
    assert "vpc:CreateVpc" in str(error.resolution)


def test_a_denial_of_container_service_names_the_action_in_its_message() -> None:
    raised = answered("StatusForbidden", "RAM policy Forbidden for action cs:CreateCluster", 403)
    error = translate("CreateCluster", raised)
    assert isinstance(error, errors.AccessDenied)
    assert "cs:CreateCluster" in str(error.resolution)


def test_every_validation_error_of_container_service_is_shown() -> None:
    body = {
        "code": "EmptyCIDR",
        "message": "container_cidr is empty",
        "requestId": "R-2",
        "data": [
            {"code": "EmptyCIDR", "message": "container_cidr is empty"},
            {"code": "InvalidCIDR", "message": "service_cidr overlaps"},
        ],
    }
    error = from_body("CreateCluster", body, status=400)
    assert error.details == (
        "EmptyCIDR: container_cidr is empty",
        "InvalidCIDR: service_cidr overlaps",
    )
    assert error.request_id == "R-2"


def test_an_unknown_code_still_says_what_to_do() -> None:
    error = translate("CreateVpc", answered("SomethingNew", "Odd."))
    assert "ackgpu explain SomethingNew" in str(error.resolution)


@pytest.mark.parametrize(
    "body",
    [
        {"Code": "InvalidParameter", "Message": "Bad.", "RequestId": "R"},
        {"code": "ErrorClusterNotFound", "message": "Gone.", "status": 404},
    ],
)
def test_an_error_inside_a_200_is_raised(body: dict[str, Any]) -> None:
    with pytest.raises(errors.CloudError, match="was refused"):
        refuse_hidden_error("X", {"body": body, "statusCode": 200})


@pytest.mark.parametrize(
    "body",
    [
        {"Code": "200", "Message": "Successful!", "RequestId": "R"},
        {"RequestId": "R"},
        [],
        None,
        "text",
        {"code": "", "message": "x"},
    ],
)
def test_a_success_is_left_alone(body: object) -> None:
    refuse_hidden_error("X", {"body": body, "statusCode": 200})
