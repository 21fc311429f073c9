"""Doubts: what nobody has published about the real cloud, or what publications contradict.

Each has a name and two readings or more; the first is what the emulator does unless a scenario says
otherwise: ``doubts: {cluster_names: free}``. A client that is to work on the first real account
must come to the right end under every reading. Whoever adds a row reads it where it decides
something, with :meth:`~ackgpu.emulator.operation.Call.doubt`, and tells it on the page
docs/first-contact.md; tests hold both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LATE = 10.0
"""How many emulated seconds what is late comes late: lists of clusters are 1 to 10 s behind."""


@dataclass(frozen=True)
class Doubt:
    """One open question. ``readings`` by name, each with what the cloud does then; default first.

    ``source`` says who publishes what, and since when it has been open.
    """

    readings: Mapping[str, str]
    source: str

    @property
    def default(self) -> str:
        """The reading that holds where a scenario says nothing."""
        return next(iter(self.readings))


DOUBTS: Mapping[str, Doubt] = {
    "clusters_v1": Doubt(
        {
            "served": "DescribeClustersV1 and its kin answer as they always did",
            "withdrawn": "they are unknown actions: InvalidAction.NotFound, 404",
            "empty": "they answer without a cluster if a region is named",
        },
        "2026-11: ACK announced to switch them off by 2026-09-30; one live account was still"
        " answered on 2026-10-05, and got an empty list for a region",
    ),
    "cluster_lists": Doubt(
        {
            "current": "lists of clusters show what is there",
            "late": "they show what was there 10 seconds ago",
        },
        "2024-11: ACK's pages speak of 1 to 10 seconds",
    ),
    "new_pool": Doubt(
        {
            "readable": "a new node pool can be read at once",
            "late": "it is not found for 10 seconds",
        },
        "2026-08: the vendor's CLI reads it at once; nothing promises it",
    ),
    "api_balancers": Doubt(
        {
            "one": "the public endpoint is an EIP on the one private CLB, with port 6443",
            "two": "it is a CLB of its own with an EIP: 6443, 8443, and 22 if SSH is requested",
        },
        "2026-11: several pages of ACK say one; a document of 2020 on GPU clusters says two",
    ),
    "endpoint_eip": Doubt(
        {
            "made": "ModifyCluster with api_server_eip makes an EIP if none is named",
            "named": "it is refused without api_server_eip_id",
        },
        "2026-11: the reference says what the id is, not what happens without one",
    ),
    "nat_route": Doubt(
        {
            "uncounted": "a NAT gateway's own default route does not count among the 48 entries",
            "counted": "it does, so that 47 nodes fit beside it",
        },
        "2026-11: the quota is on custom entries; a document of 2020 says that 48 nodes fit",
    ),
    "given_group": Doubt(
        {
            "kept": "a security group that CreateCluster was given stays when the cluster goes",
            "deleted": "it is deleted with the cluster",
        },
        "2026-11: protected while a cluster uses it is published, its end is not",
    ),
    "conversions": Doubt(
        {
            "immediate": "a change to a subscription is done when ModifyInstanceChargeType answers",
            "asynchronous": "it takes 30 seconds, as a change to pay-as-you-go always does, in"
            " which the instance cannot be released",
        },
        "2026-08: the vendor's live suite waits only after a change to pay-as-you-go",
    ),
    "absent_rule": Doubt(
        {
            "refused": "revoking a rule that is not there, by what it allows, is refused:"
            " InvalidSecurityGroupRule.RuleNotExist",
            "ignored": "it succeeds and changes nothing",
        },
        "2026-01: ECS's pages announce the refusal since 2024-07 and promise success further"
        " down; one live account refused in 2026-10",
    ),
    "tags": Doubt(
        {
            "current": "tags are seen by every read at once",
            "late": "reads see them, and searches by them find, 10 seconds later",
        },
        "2026-11: nobody states it",
    ),
    "cluster_names": Doubt(
        {
            "unique": "a second cluster of a name is refused: ErrorClusterNameAlreadyExist",
            "free": "names may be shared",
        },
        "2026-11: the error code is published, Terraform's page speaks of unique names, the API"
        " reference does not say",
    ),
    "cluster_token": Doubt(
        {
            "kept": "a repeated CreateCluster with the same client_token makes nothing new",
            "ignored": "it makes another cluster, unless the name is refused",
        },
        "2026-11: the SDK takes client_token since 7.2.3; what it does is not published",
    ),
    "token_life": Doubt(
        {
            "day": "the answer to a client token is repeated for 24 hours",
            "minute": "for 60 seconds",
            "forever": "as long as the account lasts",
        },
        "2026-11: nobody states it",
    ),
    "small_workers": Doubt(
        {
            "refused": "a node of fewer than 4 vCPUs or 8 GiB is refused",
            "accepted": "it becomes a node",
        },
        "2026-11: ACK's page on node types demands them; users run smaller ones",
    ),
    "vgpu_types": Doubt(
        {
            "accepted": "a node pool may have vGPU types",
            "refused": "CreateClusterNodePool refuses them",
        },
        "2026-11: an older FAQ of ACK says that they cannot be chosen; today's list of supported"
        " GPU families names neither vgn nor sgn, and neither does that of unsupported types",
    ),
    "vgn5i_driver": Doubt(
        {
            "ack": "ACK's start-up installs the driver of vgn5i and vgn6i",
            "nobody": "nobody does",
        },
        "2026-11: a document of 2020 shows vgn5i nodes with 418.70; ACK's page on node start-up"
        " names gn families only, and none of its driver versions",
    ),
    "plugin_build": Doubt(
        {
            "builds": "ECS's GRID plugin builds its kernel module on the node's image",
            "fails": "it does not, so that no driver runs",
        },
        "2026-11: the plugin lists Alibaba Cloud Linux 2 and 3, CentOS, Ubuntu; whether it builds"
        " on AliyunLinux3ContainerOptimized is not published",
    ),
    "late_labels": Doubt(
        {
            "set": "a node whose driver comes after its join gets the labels of its GPU then",
            "absent": "it never does: they are set at the join only",
        },
        "2026-11: ACK's start-up sets them from nvidia-smi; nobody states what sets them later",
    ),
    "dropped_fields": Doubt(
        {
            "present": "DescribeClusterDetail has the fields that ACK announced to drop",
            "absent": "it does not",
        },
        "2026-11: announced for the summer of 2026, region by region; the SDKs still have them",
    ),
    "deprecated_fields": Doubt(
        {
            "taken": "CreateCluster still takes the fields that ACK announced to end",
            "ignored": "it makes the cluster as if they were not there",
            "refused": "it answers InvalidParameter, 400",
        },
        "2026-11: announced to be ignored or answered with 400, region by region; Terraform's"
        " provider sends some of them",
    ),
    "nat_price": Doubt(
        {
            "told": "GetPayAsYouGoPrice tells an hour of a NAT gateway by its module InstanceRent",
            "refused": "it knows no module of a NAT gateway: InvalidParameter",
        },
        "2026-11: help pages have the modules of CLB and EIP, and none has those of a NAT gateway",
    ),
    "activity_order": Doubt(
        {
            "newest": "DescribeScalingActivities lists the newest activity first",
            "oldest": "it lists the oldest first",
        },
        "2026-12: the reference has pages and a TotalCount, and no word on the order",
    ),
    "activity_reason": Doubt(
        {
            "told": "a scaling activity that failed has ErrorCode, ErrorMessage and ErrorMessages",
            "quoted": "its code stands only in the words of StatusMessage",
        },
        "2026-12: the newer SDKs have the members, the portal's data of 2025 has no ErrorMessages,"
        " and the older reference has words only",
    ),
    "pool_runtime": Doubt(
        {
            "optional": "a node pool that names no runtime gets ACK's own",
            "required": "runtime and runtime_version must be named",
        },
        "2026-11: the API reference of CreateClusterNodePool demands neither, the SDK does in"
        " CreateCluster's pools, and the vendor's CLI sends both",
    ),
    "node_login": Doubt(
        {
            "optional": "a node pool needs neither key pair nor password",
            "required": "one of them must be given",
        },
        "2026-11: the SDK's text demands one; the vendor's CLI sends neither, and passed",
    ),
}


def reading(settings: Mapping[str, Any], name: str) -> str:
    """The reading of a doubt that holds under these settings. KeyError for no such doubt."""
    return str(settings.get("doubts", {}).get(name, DOUBTS[name].default))


def complaints(chosen: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a scenario's ``doubts``."""
    for name, value in chosen.items():
        doubt = DOUBTS.get(str(name))
        if doubt is None:
            yield f"doubts: there is no doubt {name!r}"
        elif value not in doubt.readings:
            yield f"doubts: {name} is {' or '.join(doubt.readings)}; not {value!r}"
