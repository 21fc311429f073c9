"""The account's limits, and the refusal when one is reached.

Defaults are those that Alibaba documents (the ACK page on quotas and the Quota Center pages); where
the page of 2020 and today's differ, the one of 2020 holds. A scenario overrides them:
``limits: {eips: 3, nodes_per_cluster: 10}``, and for one region ``limits: {"eips@cn-beijing": 1}``.
An approved quota application raises a limit for good (kind ``quotaapplication``).
"""

from __future__ import annotations

from typing import NamedTuple

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call

WHOLE_GPUS = ("gn5", "gn6i", "gn6v", "gn6e", "gn7i", "gn7v", "gn7e", "gn8i", "gn8v")
"""Families of whole GPUs whose cards have a quota of their own (Quota Center, ecs-spec)."""
PAYING = {"PostPaid": "postpay", "PrePaid": "prepay", "Spot": "spot"}
"""The ways of paying as quotas name them."""


class Limit(NamedTuple):
    """How much there may be, and how the product refuses more.

    ``message`` may have ``{of}``, which is what the limit is one of.
    """

    default: int
    code: str = ""
    message: str = ""
    status: int = 400


ELASTIC = (
    "QuotaExceed.ElasticQuota",
    "No additional quota is available for the specified ECS instance type.",
    403,
)
NODES = ("QuotaExceeded.Node", "the number of nodes in cluster {of} would exceed the quota", 403)
SERVERS = ("OverQuota", "The Total is over the quota")
LIMITS: dict[str, Limit] = {
    "clusters": Limit(
        50, "QuotaExceeded.Cluster", "the number of clusters would exceed the quota", 403
    ),
    "dedicated_clusters": Limit(0),
    "nodes_per_cluster": Limit(100, *NODES),
    "nodes_per_basic_cluster": Limit(10, *NODES),
    "node_pools": Limit(
        20,
        "QuotaExceeded.NodePool",
        "the number of node pools in cluster {of} would exceed the quota",
        403,
    ),
    "vpcs": Limit(10, "QuotaExceeded.Vpc", "VPC quota exceeded."),
    "vswitches_per_vpc": Limit(150, "QuotaExceeded.VSwitch", "Virtual switch quota exceeded."),
    "route_tables_per_vpc": Limit(9, "QuotaExceeded.RouteTable", "VPC RouteTable quota exceeded."),
    "routes_per_table": Limit(
        48, "QuotaExceeded", "Route entry quota exceeded in this route table."
    ),
    "secondary_cidrs_per_vpc": Limit(5),
    "nat_gateways_per_vpc": Limit(
        5, "OperationFailed.EnhancedQuotaExceed", "Enhanced nat gateway per vpc quota is exceeded"
    ),
    "snat_entries_per_nat": Limit(
        40, "QuotaExceeded.SnatEntry", "SNAT entry in the specified SNAT table reach it?s limit."
    ),
    "eips_per_nat": Limit(
        20, "QuotaExceeded.NumberOfEip", "Binded eip Quota exceed on this NatGw."
    ),
    "eips": Limit(20, "QuotaExceeded.Eip", "Elastic IP address quota exceeded"),
    "balancers": Limit(
        60,
        "OperationForbidden.QuotaLimit",
        "The operation failed because of quota limit of shared loadbalancers.",
    ),
    "listeners_per_balancer": Limit(50, *SERVERS),
    "servers_per_balancer": Limit(200, *SERVERS),
    "security_groups": Limit(
        100, "QuotaExceed.SecurityGroup", "The maximum number of security groups is reached.", 403
    ),
    "rules_per_security_group": Limit(
        200,
        "AuthorizationLimitExceed",
        "The limit of authorization records in the security group reaches.",
        403,
    ),
    "security_groups_per_instance": Limit(5),
    "addresses_per_security_group": Limit(6000),
    "enis": Limit(5000),
    "key_pairs": Limit(500, "QuotaExceed.KeyPair", "The key pair quota exceeds.", 403),
    "vgpu_instances": Limit(100, *ELASTIC),
    "vgpu_prepaid_instances": Limit(100, *ELASTIC),
    "vgpu_spot_instances": Limit(100, *ELASTIC),
    "postpaid_vcpus": Limit(500, *ELASTIC),
    "postpaid_disk_gib": Limit(51200),
    "tags": Limit(20),
    "ram_users": Limit(1000, "LimitExceeded.User", "The limit of users is reached.", 409),
    "ram_roles": Limit(1000, "LimitExceeded.Role", "The limit of roles is reached.", 409),
    "ram_policies": Limit(1500, "LimitExceeded.Policy", "The limit of policies is reached.", 409),
    "access_keys_per_user": Limit(
        2, "LimitExceeded.User.AccessKey", "The limit of access keys is reached.", 409
    ),
    "policies_per_role": Limit(20),
    "policies_per_user": Limit(20),
    **{
        f"gpus_{family}_{paying}": Limit(100, *ELASTIC)
        for family in WHOLE_GPUS
        for paying in PAYING.values()
    },
}
"""Those without a code are counted nowhere, or refused in several ways."""


def limit(call: Call, name: str, region: str = "") -> int:
    """The limit ``name`` (a key of :data:`LIMITS`), in ``region`` where limits differ."""
    approved = _approved(call, name, region)
    if approved is not None:
        return approved
    own = call.settings.get("limits", {})
    if region and f"{name}@{region}" in own:
        return int(own[f"{name}@{region}"])
    return int(own.get(name, LIMITS[name].default))


def counted_in(call: Call, name: str, region: str) -> str:
    """Where the use of a limit of the account is counted: everywhere, which is the empty text.

    Or in ``region``, if the scenario gives that one a limit of its own.
    """
    return region if f"{name}@{region}" in call.settings.get("limits", {}) else ""


def refuse_over(  # noqa: PLR0913 -- a limit and its use
    call: Call, name: str, used: int, adding: int = 1, *, region: str = "", of: str = ""
) -> None:
    """Refuse where ``used + adding`` is over the limit ``name``; ``of`` stands in its message."""
    if used + adding > limit(call, name, region):
        _, code, message, status = LIMITS[name]
        raise ApiError(code, message.replace("{of}", of), status)


def _approved(call: Call, name: str, region: str) -> int | None:
    """What the latest approved quota application set; None where there is none."""
    granted: int | None = None
    for doc in call.docs.find("quotaapplication", at=call.now, name=name):
        ours = not region or doc.region in {"", region}
        if ours and call.state(doc) == "Agree":
            granted = int(doc.body["DesireValue"])
    return granted
