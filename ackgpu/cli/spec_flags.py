"""The flags of ``create`` that say what to make, shared with ``plan`` and its kin."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ackgpu.cli.command import Region
from ackgpu.cli.flag_set import FlagSet

if TYPE_CHECKING:
    from ackgpu.commands.specs import SpecOptions

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


class SpecSet(FlagSet):
    """Flags that make a spec, alone or over a file. Their names are those of ``SpecFlags``."""

    region: Region = None

    def wants(self) -> "SpecOptions":
        """What they say, with the file that they override."""
        from ackgpu.commands.specs import SpecOptions
        from ackgpu.spec.flags import SpecFlags

        given = self.given()
        file = given.pop("file", None)
        return SpecOptions(flags=SpecFlags(**given), file=file)


class SurroundingsFlags(SpecSet):
    """What a cluster is made in."""

    file: File = None
    vpc_id: VpcId = None
    vswitch_ids: VSwitchIds = None
    public_endpoint: PublicEndpoint = None


class PolicyFlags(SurroundingsFlags):
    """What decides which actions a cluster needs."""

    key_pair: KeyPair = None


class QuotaFlags(SurroundingsFlags):
    """What decides which limits a cluster touches."""

    zones: Zones = None
    instance_types: InstanceTypes = None
    nodes: Nodes = None
    network: NetworkPlugin = None
    cluster_spec: ClusterSpecFlag = None
    spot: Spot = None
    charge_type: ChargeType = None
    period: Period = None


class CheckedFlags(QuotaFlags):
    """What can be checked before a cluster is made."""

    name: Name = None
    pod_cidr: PodCidr = None
    service_cidr: ServiceCidr = None
    kubernetes_version: Version = None
    ssh: Ssh = None
    key_pair: KeyPair = None
    spot_price_limit: SpotPriceLimit = None
    max_hourly_price: MaxHourlyPrice = None


class CreateFlags(CheckedFlags):
    """Everything that ``create`` can be told of what to make, and how."""

    ttl: Ttl = None
    verify: Verify = None
    on_failure: OnFailure = None
    timeout: Timeout = None


class InitFlags(SpecSet):
    """What a spec to start from is made of."""

    name: Name = "demo"
    instance_types: InstanceTypes = None
    nodes: Nodes = None
    network: NetworkPlugin = None
    ttl: Ttl = None


class LimitFlags(FlagSet):
    """Where limits that cannot be read are taken from."""

    limits: Annotated[
        str,
        typer.Option(
            "--limits", help="Documented limits to fall back on: of 2020, or today's: 2026."
        ),
    ] = "2020"
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            help="A limit that you know, such as eips=30; repeatable.",
            show_default=False,
        ),
    ] = None
