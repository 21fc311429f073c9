"""What the cloud's error codes mean to ackgpu. The only table of codes: no step keeps its own.

Sources: the products' API references; the retry sets that Alibaba's own Terraform provider uses;
the ECS common error table. Codes are matched exactly unless a rule says otherwise. An error that
arrives without its code is classified by its words (:mod:`ackgpu.cloud.aliyun.error_words`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ackgpu.cloud.aliyun.error_words import meaning_of_words
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
_STOCK = re.compile("NoStock|NotOnSale|SoldOut|ZoneNotSupported")
"""What codes of stock contain, however a product or a scaling activity begins or ends them."""
_NO_STOCK_OF_IT = "RecommendEmpty."
_NOT_AUTHORIZED = "RecommendEmpty.InstanceTypeNotAuthorized"
"""The account may not buy the type at all: no other zone helps, a ticket does."""

_QUOTA = frozenset(
    {
        "OperationForbidden.QuotaLimit",
        "OperationFailed.EnhancedQuotaExceed",
        "OperationFailed.QuotaNotEnough",
        "OperationDenied.QuotaExceed",
        "InvalidEip.EipQuotaExceeded",
        "Forbidden.SnatEntryCountLimited",
        "Forbidden.CheckEntryRuleQuota",
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
        "TaskConflict.AssociateGlobalAccelerationInstance",
        "VPC_TASK_CONFLICT",
        "OperationConflict",
        "Operation.Conflict",
        "InvalidOperation.Conflict",
        "FrequentPurchase.EIP",
        "LastTokenProcessing",
        "LastOrderProcessing",
        "LastRequestProcessing",
        "IdempotentProcessing",
        "TOKEN_PROCESSING",
        "OperationFailed.IdempotentTokenProcessing",
        "OperationFailed.LastTokenProcessing",
        "OperationFailed.TokenIsProcessing",
        "OperationFailed.DistibuteLock",
        "OperationFailed.NatGwRouteInMiddleStatus",
        "OperationFailed.QueryCenIpv6Status",
        "OperationFailure.OperationFailed",
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
        "InvalidStatus.EcsStatusNotSupport",
        "InvalidStatus.EniStatusNotSupport",
        "InvalidStatus.InstanceHasBandWidth",
        "InvalidStatus.SnatOrDnat",
        "InvalidBindingStatus",
        "InvalidIpStatus.HasBeenUsedBySnatTable",
        "InvalidIpStatus.HasBeenUsedByForwardEntry",
        "InvalidNodePoolStatus.Forbidden",
        "InvalidClusterStatus.Forbidden",
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
_BUSY_BEGINNINGS = (
    "DependencyViolation",
    "DeleteConflict",
    "IncorrectStatus",
    "IncorretSnatEntryStatus",
    "CreateVSwitch.IncorrectStatus",
    "DeleteVSwitch.IncorrectStatus",
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

_CLUSTER_BUSY = "cannot operate cluster where state is"
"""How ACK refuses a change of a cluster that it is changing, whatever code stands beside it."""
_CLUSTER_LEAVING = re.compile(
    r"cannot operate cluster .*state is (?:deleting|deleted|delete_failed)\b"
)
"""No wait ends this: the cluster is on its way out."""
_READ = re.compile("Describe|List|Get|Check")

Refusal = type[CloudError]


class _Answer(NamedTuple):
    code: str
    status: int | None
    message: str
    action: str


def meaning(code: str, *, status: int | None, message: str, action: str) -> Refusal:
    """The error class of an answer with ``code``; plain CloudError if nothing is known.

    A code says more than words, so that words count only if there is none.
    """
    answer = _Answer(code, status, message, action)
    found = next((refusal for refusal, rule in _RULES if rule(answer)), None)
    return found or (CloudError if code else meaning_of_words(message, action=action))


def is_read(action: str) -> bool:
    """Whether the operation changes nothing."""
    return _READ.match(action) is not None


def _throttled(told: _Answer) -> bool:
    words = "Throttling" in told.code or "QPS Limit Exceeded" in told.message
    return words or told.code == "Rejected.Throttling" or told.status == 429  # noqa: PLR2004 -- HTTP


def _denied(told: _Answer) -> bool:
    said = "policy Forbidden for action" in told.message and told.status == 403  # noqa: PLR2004
    return said or told.code in _DENIED or told.code.startswith("NoPermission")


def _stock(told: _Answer) -> bool:
    if told.code == _NOT_AUTHORIZED:
        return False
    spelt = told.code.startswith(_NO_STOCK_OF_IT) or _STOCK.search(told.code) is not None
    return spelt or told.code in _OUT_OF_STOCK


def _quota(told: _Answer) -> bool:
    spelt = told.code.startswith(("QuotaExceed", "LimitExceeded", "NumberExceed"))
    return spelt or told.code in _QUOTA or told.code.endswith(("LimitExceed", "LimitExceeded"))


def _not_found(told: _Answer) -> bool:
    if told.code in _NOT_A_THING:
        return False
    named = told.code.startswith(("EntityNotExist", "ResourceNotFound"))
    return named or told.code in _NOT_FOUND or told.code.endswith((".NotFound", ".NotExist"))


def _protected(told: _Answer) -> bool:
    # ACK keeps its own security groups protected until the cluster is gone: that is "not yet".
    return told.code in _PROTECTED and told.action != "DeleteSecurityGroup"


def _busy(told: _Answer) -> bool:
    if _CLUSTER_LEAVING.search(told.message):
        return False
    # InternalError with HTTP 400 is a refusal that passes (Terraform provider, vpc retry sets).
    internal = told.code == "InternalError" and told.status == 400  # noqa: PLR2004
    listed = told.code in _BUSY or told.code in _PROTECTED or told.code.startswith(_BUSY_BEGINNINGS)
    return listed or _CLUSTER_BUSY in told.message or (internal and not is_read(told.action))


def _exists(told: _Answer) -> bool:
    said = "already exist" in told.message.lower()
    named = told.code.startswith(_EXISTS) or told.code.endswith("AlreadyExist")
    return named or said or told.code in _IN_THE_WAY


def _lost(told: _Answer) -> bool:
    # The service broke while it worked on the request: what it had done by then is unknown. Or
    # the request arrived twice, and this answers the second: the first has been carried out.
    broke = told.status is not None and told.status >= 500  # noqa: PLR2004 -- HTTP
    return broke or told.code in {"SignatureNonceUsed", "InternalError"}


_RULES: tuple[tuple[Refusal, Callable[[_Answer], bool]], ...] = (
    (Throttled, _throttled),
    (Unauthenticated, lambda told: told.code.startswith(_UNAUTHENTICATED)),
    (AccessDenied, _denied),
    (OutOfStock, _stock),
    (QuotaExceeded, _quota),
    (DeletionProtected, _protected),
    (NotYet, _busy),
    (ResourceNotFound, _not_found),
    (AlreadyExists, _exists),
    (Unavailable, lambda told: told.code == "ServiceUnavailable" or told.status == 503),  # noqa: PLR2004
    (LostReply, _lost),
)
