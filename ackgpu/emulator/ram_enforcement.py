"""Asks RAM whether the caller may do what the request asks, bound to the routed operation.

The account itself may do everything; so may anybody ask who they are (sts:GetCallerIdentity).
Refusals: ``Forbidden.RAM`` 403 from RPC products, ``NoPermission`` 403 from RAM and STS, and from
Container Service ``StatusForbidden`` 403 with the words of a published answer.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.dispatch import Route
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Caller
from ackgpu.emulator.store import Doc, Transaction

OTHER_NAMES = {
    "cs:DescribeClustersV1": ("cs:DescribeClustersV1", "cs:GetClusters"),
    "cs:GrantPermissions": ("cs:GrantPermission",),
    "cs:DescribeUserPermission": ("cs:GetUserPermissions",),
}
"""Actions that are not called as their operation is, or not alone (ACK documentation, RAM
authorisation; published refusals of DescribeClustersV1)."""
LINKED = {"vpc:CreateNatGateway": "nat.aliyuncs.com"}
"""Operations whose first call in an account makes a service-linked role (VPC documentation)."""
LINKING = "ram:CreateServiceLinkedRole"
LINKED_ROLE = "linkedrole"


def actions_of(route: Route) -> tuple[str, ...]:
    """The RAM actions of an operation: its product's prefix and its name, but for a few."""
    name = f"{route.product.ram_prefix}:{route.operation.name}"
    return OTHER_NAMES.get(name, (name,))


def enforce(session: Transaction, caller: Caller, route: Route, region: str) -> None:
    """Refuse where no policy of the caller allows the operation, or one denies it."""
    actions = actions_of(route)
    if caller.kind == "Account" or actions == ("sts:GetCallerIdentity",):
        return
    from ackgpu.emulator.ram.evaluate import decide

    resource = f"acs:{route.product.ram_prefix}:{region or '*'}:{caller.account_id}:*"
    for action in actions:
        if not decide(session, caller, action, resource):
            raise _denied(route, caller, action)
    _link(session, caller, LINKED.get(actions[0], ""))


def _link(session: Transaction, caller: Caller, service: str) -> None:
    """Make the service's linked role, if it needs one and the account has none yet."""
    if not service or session.get(LINKED_ROLE, service) is not None:
        return
    from ackgpu.emulator.ram.evaluate import decide

    if not decide(session, caller, LINKING, "*", {"ram:ServiceName": service}):
        message = f"You are not authorized to create the service linked role: {LINKING} {service}."
        raise ApiError("NoPermission.CreateServiceLinkedRole", message, 403)
    session.put(Doc(LINKED_ROLE, service, name=service))


def _denied(route: Route, caller: Caller, action: str) -> ApiError:
    detail: dict[str, Any] = {
        "AuthAction": action,
        "AuthPrincipalDisplayName": caller.name,
        "AuthPrincipalOwnerId": caller.account_id,
        "AuthPrincipalType": "SubUser" if caller.kind == "RAMUser" else caller.kind,
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }
    if route.product.error_style == "cs":
        what = "RAM" if caller.kind == "RAMUser" else "STSToken"
        return ApiError(
            "StatusForbidden",
            f"{what} policy Forbidden for action {action}",
            403,
            extra={"accessDeniedDetail": detail},
        )
    extra = {"AccessDeniedDetail": detail}
    if route.product.ram_prefix in {"ram", "sts"}:
        message = "You are not authorized to do this action. You should be authorized by RAM."
        return ApiError("NoPermission", message, 403, extra=extra)
    message = (
        "User not authorized to operate on the specified resource, or this API doesn't support RAM."
    )
    return ApiError("Forbidden.RAM", message, 403, extra=extra)
