from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from ackgpu import errors
from ackgpu.cloud.aliyun.codes import meaning
from ackgpu.cloud.aliyun.errors import from_body, of_task, refuse_hidden_error, translate


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
        ("InternalError", 200, errors.LostReply),
        ("OperationFailed.NatGwRouteInMiddleStatus", 400, errors.NotYet),
        ("VPC_TASK_CONFLICT", 400, errors.NotYet),
        ("TaskConflict.AssociateGlobalAccelerationInstance", 400, errors.NotYet),
        ("Operation.Conflict", 400, errors.NotYet),
        ("InvalidOperation.Conflict", 400, errors.NotYet),
        ("InvalidStatus.EcsStatusNotSupport", 400, errors.NotYet),
        ("InvalidStatus.EniStatusNotSupport", 400, errors.NotYet),
        ("InvalidStatus.InstanceHasBandWidth", 400, errors.NotYet),
        ("OperationFailed.QueryCenIpv6Status", 400, errors.NotYet),
        ("OperationFailure.OperationFailed", 400, errors.NotYet),
        ("InternalError", 400, errors.NotYet),
        ("FrequentPurchase.EIP", 400, errors.NotYet),
        ("InvalidClusterStatus.Forbidden", 400, errors.NotYet),
        ("RecommendEmpty.InstanceTypeNotAuthorized", 400, errors.CloudError),
        ("LackResource", 400, errors.OutOfStock),
        ("ResourceNotAvailable", 400, errors.OutOfStock),
        ("Zone.NotOpen", 400, errors.OutOfStock),
        ("InstanceType.Offline", 400, errors.OutOfStock),
        ("InvalidInstanceType.NotSupported", 400, errors.OutOfStock),
        ("InvalidInstanceType.ValueNotSupported", 400, errors.OutOfStock),
        ("OperationDenied.ZoneNotAllowed", 400, errors.OutOfStock),
        ("OperationFailed.NoAvailableResource", 400, errors.OutOfStock),
        ("InvalidParameter.Conflict", 400, errors.CloudError),
        ("InvalidParameter.NotMatch", 400, errors.CloudError),
        ("InvalidImage.NotSupported", 400, errors.CloudError),
        ("IdempotentParameterMismatch", 400, errors.CloudError),
        ("SignatureNonceUsed", 400, errors.LostReply),
        ("InvalidCIDR", 400, errors.CloudError),
        ("SomethingNew", 400, errors.CloudError),
    ],
)
def test_codes_mean_what_their_documents_say(
    code: str, status: int, expected: type[errors.CloudError]
) -> None:
    assert meaning(code, status=status, message="m", action="A") is expected


def test_an_internal_error_of_a_read_is_read_again_whatever_its_status() -> None:
    found = meaning("InternalError", status=400, message="m", action="DescribeVpcs")
    assert found is errors.LostReply


@pytest.mark.parametrize(
    ("words", "action", "expected"),
    [
        ("The specified InstanceId does not exist.", "DeleteInstance", errors.ResourceNotFound),
        ("cluster c1 not found", "DescribeClusterDetail", errors.ResourceNotFound),
        ("The specified RegionId does not exist.", "DeleteVpc", errors.CloudError),
        ("The specified ZoneId does not exist or is not valid", "CreateVSwitch", errors.CloudError),
        ("The specified action is not found.", "DeleteVpc", errors.CloudError),
        ("Specified access key is not found.", "DeleteVpc", errors.Unauthenticated),
        ("Specified VPC has dependent resources.", "DeleteVpc", errors.NotYet),
        ("The specified disk is in use.", "DeleteDisk", errors.NotYet),
        (
            "The current status of the instance does not support this operation.",
            "DeleteInstance",
            errors.NotYet,
        ),
        (
            "There is still instance(s) in the specified security group.",
            "DeleteSecurityGroup",
            errors.NotYet,
        ),
        ("the last token request is processing", "DeleteInstance", errors.NotYet),
        (
            "cannot operate cluster where state is updating",
            "CreateClusterNodePool",
            errors.NotYet,
        ),
        ("Request was denied due to user flow control.", "CreateVpc", errors.Throttled),
        ("Request throttled", "CreateVpc", errors.Throttled),
        ("The resource is out of stock in the zone.", "RunInstances", errors.OutOfStock),
        ("The VPC quota is exceeded.", "CreateVpc", errors.QuotaExceeded),
        ("nodepool name gpu is already exist", "CreateClusterNodePool", errors.AlreadyExists),
        ("You are not authorized to do this.", "CreateVpc", errors.AccessDenied),
        ("Deletion protection is on.", "DeleteSecurityGroup", errors.NotYet),
        ("Deletion protection is on.", "DeleteNatGateway", errors.DeletionProtected),
        ("Something new.", "CreateVpc", errors.CloudError),
    ],
)
def test_an_answer_without_its_code_is_known_by_its_words(
    words: str, action: str, expected: type[errors.CloudError]
) -> None:
    bare = ClientException(status_code=400, code="None", message=f"code: 400, {words}", data={})
    assert type(translate(action, bare)) is expected
    body = {"code": "400", "message": words}
    error = from_body(action, body, status=None)
    assert type(error) is expected
    assert error.error_code == expected.code


def test_a_code_says_more_than_the_words_beside_it() -> None:
    error = translate("CreateVpc", answered("InvalidParameter", "The value does not exist."))
    assert type(error) is errors.CloudError


@pytest.mark.parametrize(
    ("code", "message", "expected", "told"),
    [
        (
            "NodepoolScaleFailed",
            'Fail to scale instances for scaling group(code:"LackResource", msg:"none").',
            errors.OutOfStock,
            "LackResource",
        ),
        (
            "",
            'scaling(code: "QuotaExceed.ElasticQuota", msg:"m")',
            errors.QuotaExceeded,
            "QuotaExceed.ElasticQuota",
        ),
        ("OperationFailed.NoAvailableResource", "m", errors.OutOfStock,
         "OperationFailed.NoAvailableResource"),
        (
            "400",
            'x(code:"RecommendEmpty.InstanceTypeNotAuthorized", msg:"m")',
            errors.TaskFailed,
            "RecommendEmpty.InstanceTypeNotAuthorized",
        ),
        ("InternalError", "m", errors.TaskFailed, "InternalError"),
        ("400", "the stack rolled back", errors.TaskFailed, "TaskFailed"),
        ("400", "the zone is out of stock", errors.OutOfStock, "OutOfStock"),
    ],
)  # fmt: skip
def test_what_a_task_says_becomes_the_class_that_says_what_to_do(
    code: str, message: str, expected: type[errors.CloudError], told: str
) -> None:
    error = of_task("nodepool_scale", code, message)
    assert type(error) is expected
    assert error.error_code == told
    assert error.message == message


def test_an_error_as_a_reason_keeps_its_class_code_and_details() -> None:
    error = of_task("t", "LackResource", "none").as_reason("The pool is failed", ["a stage"])
    assert isinstance(error, errors.OutOfStock)
    assert error.message == str(error) == "The pool is failed: none"
    assert (error.error_code, error.details) == ("LackResource", ("a stage",))


@pytest.mark.parametrize(
    ("code", "says", "silent_of"),
    [
        ("InvalidSecurityToken.Expired", "expired", "another"),
        ("InvalidSecurityToken.MismatchWithAccessKey", "another access key", "expired"),
        ("InvalidSecurityToken.Malformed", "cut when copied", "expired"),
        ("SignatureDoesNotMatch", "access key secret", "expired"),
    ],
)
def test_only_an_expired_token_is_called_expired(code: str, says: str, silent_of: str) -> None:
    error = translate("DescribeVpcs", answered(code, "m."))
    assert isinstance(error, errors.Unauthenticated)
    assert says in str(error.resolution)
    assert silent_of not in str(error.resolution)


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


def test_what_was_being_handled_when_the_call_was_made_is_not_its_error() -> None:
    protected = errors.DeletionProtected("It is protected.")
    raised = answered("Forbidden.RAM", "You are not authorized.", 403)
    raised.__context__ = protected
    error = translate("SetLoadBalancerDeleteProtection", raised, protected)
    assert type(error) is errors.AccessDenied
    assert "SetLoadBalancerDeleteProtection" in error.message


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


def test_what_an_error_is_holds_for_its_subclasses() -> None:
    class SpotSoldOut(errors.OutOfStock):
        pass

    assert errors.is_unclassified(errors.CloudError("no reason was given"))
    assert not errors.is_unclassified(SpotSoldOut("sold out"))
    assert not errors.is_unclassified(errors.UsageError("no"))
