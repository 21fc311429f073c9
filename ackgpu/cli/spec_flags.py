"""The flags of ``create`` that say what to make, shared with ``plan`` and its kin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WHAT = "What to make"
NETWORK = "Network"
NODES = "Nodes"

Name = Annotated[str | None, typer.Argument(help="The cluster's name.", show_default=False)]
File = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="A cluster.yaml, or - for stdin; flags override it.",
                 rich_help_panel=WHAT, show_default=False),
]  # fmt: skip
Version = Annotated[
    str | None,
    typer.Option("--kubernetes-version", help="A version or minor; default: the newest creatable.",
                 rich_help_panel=WHAT, show_default=False),
]  # fmt: skip
ClusterSpecFlag = Annotated[
    str | None,
    typer.Option("--cluster-spec", help="Edition; default ack.pro.small (Basic holds 10 nodes).",
                 rich_help_panel=WHAT, show_default=False),
]  # fmt: skip
Ttl = Annotated[
    str | None,
    typer.Option("--ttl", help="Tag everything to expire after this, such as 3h.",
                 rich_help_panel=WHAT, show_default=False),
]  # fmt: skip
MaxHourlyPrice = Annotated[
    float | None,
    typer.Option("--max-hourly-price", help="Refuse what costs more an hour.",
                 rich_help_panel=WHAT, show_default=False),
]  # fmt: skip
Zones = Annotated[
    list[str] | None,
    typer.Option("--zone", help="A zone, repeatable; default: one by stock.",
                 rich_help_panel=NETWORK, show_default=False),
]  # fmt: skip
VpcId = Annotated[
    str | None,
    typer.Option("--vpc-id", help="An existing VPC; it is never changed or deleted.",
                 rich_help_panel=NETWORK, show_default=False),
]  # fmt: skip
VSwitchIds = Annotated[
    list[str] | None,
    typer.Option("--vswitch-id", help="An existing vSwitch of it, repeatable.",
                 rich_help_panel=NETWORK, show_default=False),
]  # fmt: skip
NetworkPlugin = Annotated[
    str | None,
    typer.Option("--network", help="flannel (default) or terway.", rich_help_panel=NETWORK,
                 show_default=False),
]  # fmt: skip
PodCidr = Annotated[
    str | None,
    typer.Option("--pod-cidr", help="Default 172.20.0.0/16.", rich_help_panel=NETWORK,
                 show_default=False),
]  # fmt: skip
ServiceCidr = Annotated[
    str | None,
    typer.Option("--service-cidr", help="Default 172.21.0.0/20.", rich_help_panel=NETWORK,
                 show_default=False),
]  # fmt: skip
PublicEndpoint = Annotated[
    bool | None,
    typer.Option("--public-endpoint/--no-public-endpoint",
                 help="Whether the API server is reached from outside the VPC; default yes.",
                 rich_help_panel=NETWORK, show_default=False),
]  # fmt: skip
Ssh = Annotated[
    bool | None,
    typer.Option("--ssh/--no-ssh", help="Open port 22; needs --key-pair. Default no.",
                 rich_help_panel=NETWORK, show_default=False),
]  # fmt: skip
InstanceTypes = Annotated[
    list[str] | None,
    typer.Option("--instance-type", "--node-type",
                 help="A vGPU type, repeatable, in order; default ecs.vgn5i-m2.xlarge.",
                 rich_help_panel=NODES, show_default=False),
]  # fmt: skip
Nodes = Annotated[
    int | None,
    typer.Option("--nodes", help="How many; default 2.", rich_help_panel=NODES,
                 show_default=False),
]  # fmt: skip
KeyPair = Annotated[
    str | None,
    typer.Option("--key-pair", help="An ECS key pair for the nodes.", rich_help_panel=NODES,
                 show_default=False),
]  # fmt: skip
Spot = Annotated[
    bool | None,
    typer.Option("--spot/--no-spot", help="Preemptible instances.", rich_help_panel=NODES,
                 show_default=False),
]  # fmt: skip
SpotPriceLimit = Annotated[
    float | None,
    typer.Option("--spot-price-limit", help="The most that a spot node may cost an hour.",
                 rich_help_panel=NODES, show_default=False),
]  # fmt: skip
ChargeType = Annotated[
    str | None,
    typer.Option("--charge-type", help="PostPaid (default) or PrePaid.", rich_help_panel=NODES,
                 show_default=False),
]  # fmt: skip
Period = Annotated[
    int | None,
    typer.Option("--period", help="Months, for PrePaid.", rich_help_panel=NODES,
                 show_default=False),
]  # fmt: skip
Verify = Annotated[
    bool | None,
    typer.Option("--verify/--no-verify", help="Prove the GPUs in the end; default yes.",
                 show_default=False),
]  # fmt: skip
OnFailure = Annotated[
    str | None,
    typer.Option("--on-failure", help="keep (default: create again goes on) or rollback.",
                 show_default=False),
]  # fmt: skip
DocumentedLimits = Annotated[
    str,
    typer.Option("--limits", help="Documented limits to fall back on: of 2020, or today's: 2026."),
]
LimitOverrides = Annotated[
    list[str] | None,
    typer.Option("--limit", help="A limit that you know, such as eips=30; repeatable.",
                 show_default=False),
]  # fmt: skip
Kubeconfig = Annotated[
    Path | None,
    typer.Option("--kubeconfig", help="Another kubeconfig file.", show_default=False),
]  # fmt: skip
Timeout = Annotated[
    str | None,
    typer.Option("--timeout", help="How long it may take, such as 45m.", show_default=False),
]  # fmt: skip
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is done.")]
ClusterName = Annotated[str, typer.Argument(help="The cluster's name.", show_default=False)]


def by_comma(given: list[str] | None) -> tuple[str, ...]:
    """Words that were given one by one, or several in one by comma."""
    return tuple(word.strip() for text in given or () for word in text.split(",") if word.strip())
