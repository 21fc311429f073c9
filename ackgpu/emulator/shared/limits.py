"""The account's limits, and the refusal when one is reached.

Defaults are those that Alibaba documents (the ACK page on quotas and the Quota Center pages); where
the page of 2020 and today's differ, the one of 2020 holds. A scenario overrides them:
``limits: {eips: 3, nodes_per_cluster: 10}``, and for one region ``limits: {"eips@cn-beijing": 1}``.
An approved quota application raises a limit for good (kind ``quotaapplication``).
"""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call

WHOLE_GPUS = ("gn5", "gn6i", "gn6v", "gn6e", "gn7i", "gn7v", "gn7e", "gn8i", "gn8v")
"""Families of whole GPUs whose cards have a quota of their own (Quota Center, ecs-spec)."""
PAYING = {"PostPaid": "postpay", "PrePaid": "prepay", "Spot": "spot"}
"""The ways of paying as quotas name them."""

DEFAULTS: dict[str, int] = {
    "clusters": 50,
    "dedicated_clusters": 0,
    "nodes_per_cluster": 100,
    "nodes_per_basic_cluster": 10,
    "node_pools": 20,
    "vpcs": 10,
    "vswitches_per_vpc": 150,
    "route_tables_per_vpc": 9,
    "routes_per_table": 48,
    "secondary_cidrs_per_vpc": 5,
    "nat_gateways_per_vpc": 5,
    "snat_entries_per_nat": 40,
    "eips_per_nat": 20,
    "eips": 20,
    "balancers": 60,
    "listeners_per_balancer": 50,
    "servers_per_balancer": 200,
    "security_groups": 100,
    "rules_per_security_group": 200,
    "security_groups_per_instance": 5,
    "addresses_per_security_group": 6000,
    "enis": 5000,
    "key_pairs": 500,
    "vgpu_instances": 100,
    "vgpu_prepaid_instances": 100,
    "vgpu_spot_instances": 100,
    "postpaid_vcpus": 500,
    "postpaid_disk_gib": 51200,
    "tags": 20,
    "ram_users": 1000,
    "ram_roles": 1000,
    "ram_policies": 1500,
    "access_keys_per_user": 2,
    "policies_per_role": 20,
    "policies_per_user": 20,
    **{f"gpus_{family}_{paying}": 100 for family in WHOLE_GPUS for paying in PAYING.values()},
}


def limit(call: Call, name: str, region: str = "") -> int:
    """The limit ``name`` (a key of :data:`DEFAULTS`), in ``region`` where limits differ."""
    approved = _approved(call, name, region)
    if approved is not None:
        return approved
    own = call.settings.get("limits", {})
    if region and f"{name}@{region}" in own:
        return int(own[f"{name}@{region}"])
    return int(own.get(name, DEFAULTS[name]))


def counted_in(call: Call, name: str, region: str) -> str:
    """Where the use of a limit of the account is counted: everywhere, which is the empty text.

    Or in ``region``, if the scenario gives that one a limit of its own.
    """
    return region if f"{name}@{region}" in call.settings.get("limits", {}) else ""


def refuse_over(  # noqa: PLR0913, PLR0917 -- a limit, its use, and how the product words the refusal
    call: Call,
    name: str,
    used: int,
    adding: int,
    code: str,
    message: str,
    status: int = 400,
    *,
    region: str = "",
) -> None:
    """Raise the product's own error where ``used + adding`` is over the limit ``name``."""
    if used + adding > limit(call, name, region):
        raise ApiError(code, message, status)


def _approved(call: Call, name: str, region: str) -> int | None:
    """What the latest approved quota application set; None where there is none."""
    granted: int | None = None
    for doc in call.docs.find("quotaapplication", at=call.now, name=name):
        ours = not region or doc.region in {"", region}
        if ours and call.state(doc) == "Agree":
            granted = int(doc.body["DesireValue"])
    return granted
