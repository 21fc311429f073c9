"""What the cloud's error codes mean to ackgpu, and what to do about them.

Sources: the products' API references; the retry sets that Alibaba's own Terraform provider uses;
the ECS common error table. Codes are matched exactly unless a rule says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

from ackgpu.errors import (
    AccessDenied,
    AlreadyExists,
    CloudError,
    DeletionProtected,
    LostReply,
    NotYet,
    OutOfStock,
    QuotaExceeded,
    ResourceNotFound,
    Throttled,
    Unauthenticated,
    Unavailable,
)

_UNAUTHENTICATED = (
    "InvalidAccessKeyId",
    "InvalidAccessKeySecret",
    "InvalidSecurityToken",
    "InvalidTimeStamp",
    "MissingSecurityToken",
    "MissingAccessKeyId",
    "IncompleteSignature",
    "InvalidSignature",
    "SignatureDoesNotMatch",
    "Inactive",
)

_DENIED = frozenset(
    {
        "Forbidden",
        "Forbidden.RAM",
        "Forbidden.STS",
        "StatusForbidden",
        "ErrorCheckAcl",
        "APISERVER_403",
        "RAM.PERMISSION.DENIED",
        "Unauthorized",
    }
)

_OUT_OF_STOCK = frozenset(
    {
        "OperationDenied.NoStock",
        "OperationDenied.ZoneNotAllowed",
        "Zone.NotOnSale",
        "Zone.NotOpen",
        "InvalidInstanceType.ZoneNotSupported",
        "InvalidInstanceType.ValueNotSupported",
        "InvalidInstanceType.NotSupported",
        "InstanceType.Offline",
        "InvalidResourceType.NotSupported",
        "LackResource",
        "ResourceNotAvailable",
        "Invalid.PrivatePoolOptions.NoStock",
        "OperationFailed.EnhancedInventoryNotEnough",
        "OperationFailed.NoAvailableResource",
        "OperationFailed.ZoneResourceLimit",
        "OperationFailed.RegionResourceLimit",
    }
)

_QUOTA = frozenset(
    {
        "OperationForbidden.QuotaLimit",
        "OperationFailed.EnhancedQuotaExceed",
        "OperationFailed.QuotaNotEnough",
        "OperationDenied.QuotaExceed",
        "InvalidEip.EipQuotaExceeded",
        "Forbidden.SnatEntryCountLimited",
        "Forbidden.CheckEntryRuleQuota",
        "FrequentPurchase.EIP",
        "VPC.SWITCH.RULE.QUOTA.NOT.EXISTS",
        "VPC_ONLY_CAN_CREATE_ONE_NAT_GATEWAY",
        "OverQuota",
        "InsufficientAvailableQuota",
        "AuthorizedGroupRule.LimitExceed",
    }
)

_NOT_FOUND = frozenset(
    {
        "Forbidden.VpcNotFound",
        "Forbidden.InstanceNotFound",
        "INSTANCE_NOT_EXISTS",
        "ErrorClusterNotFound",
        "ErrorNodePoolNotFound",
        "ErrorTaskNotFound",
        "AddonNotFound",
        "QUOTA.NOT.FOUND",
        "QUOTA.APPLICATION.NOT.FOUND",
    }
)

# They end in ".NotFound" and say that the request is wrong, not that the thing is gone. A delete
# that took them for "gone already" would forget what exists.
_NOT_A_THING = frozenset(
    {
        "InvalidAction.NotFound",
        "InvalidApi.NotFound",
        "InvalidRegionId.NotFound",
        "InvalidRegion.NotFound",
        "InvalidVersion.NotFound",
        "InvalidAccessKeyId.NotFound",
        "InvalidZoneId.NotFound",
        "InvalidResourceType.NotFound",
    }
)

_BUSY = frozenset(
    {
        "TaskConflict",
        "OperationConflict",
        "LastTokenProcessing",
        "LastOrderProcessing",
        "LastRequestProcessing",
        "IdempotentProcessing",
        "TOKEN_PROCESSING",
        "OperationFailed.IdempotentTokenProcessing",
        "OperationFailed.LastTokenProcessing",
        "OperationFailed.TokenIsProcessing",
        "OperationFailed.DistibuteLock",
        "OperationFailed.NotifyCenCreate",
        "OperationFailed.EcsMigrating",
        "OperationFailed.ListenerStatusNotSupport",
        "OperationDenied.OtherSubnetCreating",
        "OperationDenied.OtherSubnetProcessing",
        "OperationUnsupported.EipNatBWPCheck",
        "OperationUnsupported.EipInBinding",
        "OperationUnsupported.EipNatGWCheck",
        "EIP_NOT_IN_GATEWAY",
        "VswitchStatusError",
        "InvalidStatus.RouteEntry",
        "InvalidStatus.NotAllow",
        "InvalidStatus.SnatOrDnat",
        "InvalidBindingStatus",
        "InvalidIpStatus.HasBeenUsedBySnatTable",
        "InvalidIpStatus.HasBeenUsedByForwardEntry",
        "InvalidNodePoolStatus.Forbidden",
        "ErrorClusterState",
        "InvalidOperation.EniLinked",
        "ScalingActivityInProgress",
        "SystemBusy",
        "OperationBusy",
        "ServiceIsStopping",
        "ServiceIsConfiguring",
        "BackendServer.configuring",
        "UnknownError",
        "ACQUIRE.LOCK.FAIL",
        "Forbbiden",
    }
)
_BUSY_PREFIXES = (
    "DependencyViolation",
    "DeleteConflict",
    "IncorrectStatus",
    "IncorretSnatEntryStatus",
    "CreateVSwitch.IncorrectStatus",
    "DeleteVSwitch.IncorrectStatus",
)
_BUSY_STATUSES = (
    "IncorrectVpcStatus",
    "IncorrectVSwitchStatus",
    "IncorrectEipStatus",
    "IncorrectInstanceStatus",
    "IncorrectRouteEntryStatus",
    "IncorrectHaVipStatus",
    "IncorrectDiskStatus",
    "InvalidOperation.InvalidEniState",
)

_PROTECTED = frozenset(
    {
        "InvalidOperation.DeletionProtection",
        "OperationDenied.DeleteProtectionIsOn",
        "OperationDenied.DeletionProtection",
        "DeletionProtection",
        "ErrorDeletionProtectionEnabled",
    }
)

_EXISTS = ("ErrorClusterNameAlreadyExist", "ClusterNameAlreadyExist", "EntityAlreadyExist")
_IN_THE_WAY = frozenset(
    {
        "InvalidCidrBlock.Overlapped",
        "InvalidCIDRBlock.Duplicate",
        "InvalidAssociation.Duplicated",
        "Forbidden.SourceVSwitchId.Duplicated",
    }
)

Refusal = type[CloudError]
_Rule = Callable[[str, int | None, str, str], bool]


def meaning(code: str, *, status: int | None, message: str, action: str) -> Refusal:
    """The error class of an answer with ``code``; plain CloudError where nothing is known."""
    for refusal, rule in _RULES:
        if rule(code, status, message, action):
            return refusal
    return CloudError


def _throttled(code: str, status: int | None, message: str, action: str) -> bool:
    del action
    words = "Throttling" in code or "QPS Limit Exceeded" in message
    return words or code == "Rejected.Throttling" or status == 429  # noqa: PLR2004 -- HTTP


def _unauthenticated(code: str, status: int | None, message: str, action: str) -> bool:
    del status, message, action
    return code.startswith(_UNAUTHENTICATED)


def _denied(code: str, status: int | None, message: str, action: str) -> bool:
    del action
    said = "policy Forbidden for action" in message
    return code in _DENIED or code.startswith("NoPermission") or (said and status == 403)  # noqa: PLR2004


def _stock(code: str, status: int | None, message: str, action: str) -> bool:
    del status, message, action
    return code in _OUT_OF_STOCK or code.startswith("RecommendEmpty.")


def _quota(code: str, status: int | None, message: str, action: str) -> bool:
    del status, message, action
    spelt = code.startswith(("QuotaExceed", "LimitExceeded", "NumberExceed"))
    return spelt or code in _QUOTA or code.endswith(("LimitExceed", "LimitExceeded"))


def _not_found(code: str, status: int | None, message: str, action: str) -> bool:
    del status, message, action
    if code in _NOT_A_THING:
        return False
    named = code.startswith(("EntityNotExist", "ResourceNotFound"))
    return named or code in _NOT_FOUND or code.endswith((".NotFound", ".NotExist"))


def _protected(code: str, status: int | None, message: str, action: str) -> bool:
    del status, message
    # ACK keeps its own security groups protected until the cluster is gone: that is "not yet".
    return code in _PROTECTED and action != "DeleteSecurityGroup"


def _busy(code: str, status: int | None, message: str, action: str) -> bool:
    del status, message, action
    listed = code in _BUSY or code in _PROTECTED
    return listed or code.startswith((*_BUSY_PREFIXES, *_BUSY_STATUSES))


def _exists(code: str, status: int | None, message: str, action: str) -> bool:
    del status, action
    said = "already exist" in message.lower()
    named = code.startswith(_EXISTS) or code.endswith("AlreadyExist")
    return named or said or code in _IN_THE_WAY


def _unavailable(code: str, status: int | None, message: str, action: str) -> bool:
    del message, action
    return code == "ServiceUnavailable" or status == 503  # noqa: PLR2004 -- HTTP


def _lost(code: str, status: int | None, message: str, action: str) -> bool:
    # The service broke while it worked on the request: what it had done by then is unknown. Or
    # the request arrived twice, and this answers the second: the first has been carried out.
    del message, action
    broke = status is not None and status >= 500  # noqa: PLR2004 -- HTTP
    return broke or code == "SignatureNonceUsed"


_RULES: tuple[tuple[Refusal, _Rule], ...] = (
    (Throttled, _throttled),
    (Unauthenticated, _unauthenticated),
    (AccessDenied, _denied),
    (OutOfStock, _stock),
    (QuotaExceeded, _quota),
    (DeletionProtected, _protected),
    (NotYet, _busy),
    (ResourceNotFound, _not_found),
    (AlreadyExists, _exists),
    (Unavailable, _unavailable),
    (LostReply, _lost),
)
