"""What to do about an error of the cloud: one sentence that names the next thing to try."""

from __future__ import annotations

from ackgpu import flag
from ackgpu.errors import (
    AccessDenied,
    AlreadyExists,
    CloudError,
    DeletionProtected,
    LostReply,
    NoAnswer,
    NotYet,
    OutOfStock,
    QuotaExceeded,
    ResourceNotFound,
    Throttled,
    Unauthenticated,
    Unavailable,
    Unreachable,
)

_PAY = "Settle the account's bill or top it up in the console (Expenses), then run it again."
_ROLES = (
    "Authorise the ACK service roles once, at https://cs.console.aliyun.com: "
    f"`ackgpu preflight {flag.ONLY} roles` lists the missing ones."
)
_EXPIRED = "Get new temporary credentials (they expired), then run it again."
_MISMATCH = "Check the security token: it belongs to another access key, or was cut when copied."
_REACH = (
    "Check the network, the proxy settings and, if it is set, ACKGPU_ENDPOINT_URL: `ackgpu doctor`"
    " tries each endpoint. Then run it again."
)
_TICKET = "Ask for the instance type by a ticket, or choose another: the account may not buy it."
_UNFIT = "Leave image and disks to their defaults: they do not fit the instance type."
_CLOCK = "Set this machine's clock: requests are accepted within 15 minutes of the cloud's time."

ADVICE_BY_CODE: tuple[tuple[str, str], ...] = (
    ("InvalidAccessKeyId.Inactive", "The access key is disabled: enable it, or use another."),
    ("InvalidAccessKeyId", "Check the access key id: it is not known to this endpoint."),
    ("InvalidSecurityToken.Expired", _EXPIRED),
    ("InvalidSecurityToken", _MISMATCH),
    ("MissingSecurityToken", "Give the security token that came with these temporary keys."),
    ("InvalidTimeStamp", _CLOCK),
    ("SignatureDoesNotMatch", "Check the access key secret: it does not belong to the key id."),
    ("IncompleteSignature", "Check the access key secret: it does not belong to the key id."),
    (
        "SignatureNonceUsed",
        "Run it again; where it lasts, look for a proxy that repeats requests.",
    ),
    (
        "InvalidAction.NotFound",
        "The service does not offer this operation, or not any more: look for a newer ackgpu.",
    ),
    ("InvalidRegionId", f"Check {flag.REGION}: the product does not know it."),
    ("InvalidZoneId", f"Check {flag.ZONE}: the region has no such zone."),
    ("InvalidAccountStatus", _PAY),
    ("InsufficientBalance", _PAY),
    ("Account.Arrearage", _PAY),
    ("PAY.INSUFFICIENT_BALANCE", _PAY),
    ("OperationFailed.UnpaidBillsExist", _PAY),
    ("RealNameAuthenticationError", "Complete the account's real-name verification first."),
    ("RISK.RISK_CONTROL", "The account's risk control refuses paid resources: open a ticket."),
    ("MissingAuth.", _ROLES),
    ("ErrManaged", _ROLES),
    ("ErrKubernetesAuditRoleNotAttach", _ROLES),
    ("ErrAutoScalerRoleNotAttach", _ROLES),
    ("NoPermission.CreateServiceLinkedRole", "Allow ram:CreateServiceLinkedRole to this identity."),
    ("IdempotentParameterMismatch", "An earlier request used the same token: run it again."),
    ("InvalidIdempotenceParameter", "An earlier request used the same token: run it again."),
    ("Duplicated.ClientToken", "An earlier request used the same token: run it again."),
    ("RecommendEmpty.InstanceTypeNotAuthorized", _TICKET),
    ("InvalidParameter.NotMatch", _UNFIT),
    ("InvalidParameter.Conflict", _UNFIT),
    ("InvalidImage.NotSupported", _UNFIT),
    ("InvalidSystemDiskCategory", "Choose a disk category that the instance family takes."),
    (
        "InvalidCidrBlock",
        f"Choose CIDR blocks that do not overlap: `ackgpu preflight {flag.ONLY} network`.",
    ),
    (
        "InvalidCIDR",
        f"Choose CIDR blocks that do not overlap: `ackgpu preflight {flag.ONLY} network`.",
    ),
    ("EmptyCIDR", "Give the pod and service CIDR blocks."),
    ("InvalidVSwitch.Count", "Give fewer vSwitches: ACK takes one to eight."),
    ("InsufficientInstanceIP", "Give a larger vSwitch: it has too few free addresses."),
    ("InvalidImageId", "Leave the image to its default, or give one that the region has."),
)

_BY_CLASS: dict[type[CloudError], str] = {
    Throttled: "Too many calls for this account: wait a minute, then run it again.",
    Unauthenticated: "Check which credentials are used: `ackgpu doctor`.",
    AccessDenied: "Grant the action to this identity: `ackgpu policy generate` writes the policy.",
    OutOfStock: "`ackgpu offers` shows which types and zones have stock now.",
    QuotaExceeded: "`ackgpu check-quota` shows what is used; ask for more in Quota Center.",
    ResourceNotFound: "Check the id and the region: it does not exist there.",
    AlreadyExists: "Choose another name, or remove what has it.",
    DeletionProtected: (
        "Switch its deletion protection off and run it again: that of a cluster with"
        f" `ackgpu delete NAME {flag.DISABLE_PROTECTION}`, that of another resource as"
        " `ackgpu explain OperationDenied.DeletionProtection` says."
    ),
    NotYet: "Something else still works on it: run it again in a minute.",
    Unavailable: "The service is not available now: run it again in a minute.",
    Unreachable: _REACH,
    NoAnswer: f"{_REACH} What the request made, if anything, is found and used.",
    LostReply: "Run it again: what the request made, if anything, is found and used.",
}

_UNKNOWN = "Look the code up: `ackgpu explain {code}`; report it with the request id to support."
_NO_CODE = "Run it again with -v; report it with the request id to support."


def resolution(refusal: type[CloudError], code: str) -> str:
    """The advice for ``code``, else for its class, else how to find out more."""
    for prefix, advice in ADVICE_BY_CODE:
        if code.startswith(prefix):
            return advice
    return _BY_CLASS.get(refusal) or (_UNKNOWN.format(code=code) if code else _NO_CODE)
