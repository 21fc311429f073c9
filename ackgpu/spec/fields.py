"""Every setting of a spec, one row each: what the command line, the requests and exports read.

A new setting is an attribute of :mod:`ackgpu.spec.model` and a row here. Its default, type and
choices are the model's. Nothing heavy is imported: the command line reads the rows at each start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ackgpu import flag

Compared = Literal["here", "exactly", "steps", "run", "once"]
POOL = "nodePools[]."

Edition = Literal[
    "ack.standard", "ack.pro.small", "ack.pro.xlarge", "ack.pro.2xlarge", "ack.pro.4xlarge"
]
OnFailure = Literal["keep", "rollback"]
ChargeType = Literal["PostPaid", "PrePaid"]
MultiAzPolicy = Literal["BALANCE", "PRIORITY", "COST_OPTIMIZED"]
ImageType = Literal[
    "auto",
    "AliyunLinux3",
    "AliyunLinux3ContainerOptimized",
    "AliyunLinux4ContainerOptimized",
    "AliyunLinux3Security",
    "AliyunLinux",
    "AliyunLinuxSecurity",
    "CentOS",
    "ContainerOS",
    "Ubuntu",
    "Custom",
]

Driver = Literal["auto", "ack", "plugin", "runfile", "image", "none"]
Purpose = Literal[
    "create", "apply", "verify", "diagnose", "delete", "nodepool", "node", "upgrade", "sleep", "gc",
    "extend", "describe", "all",
]  # fmt: skip
"""The commands that a RAM policy has to suffice for; no setting of a spec."""

WHAT, NETWORK, NODES = "What to make", "Network", "Nodes"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A setting.

    ``key``: its path in a file; behind ``[]`` that of each item. ``flag``: as it is typed, with the
    word that turns it off (``--ssh/--no-ssh``) or another name after a space;
    ``name``: what the program calls the flag's value, else as typed. ``kind``: of that value; a
    Literal has its choices. ``metavar``: what stands for the value in help.
    ``on``: the command lines that take the flag: what must be known of where a cluster lives
    (``surroundings``), of what touches a limit (``quota``), of what can be ``checked`` beforehand,
    or of everything (``create``), each with what the ones before take; ``policy``, ``init`` and
    ``pool`` (``nodepool add``) beside these. ``every_pool``: the flag of a pool sets it in all of
    them, else in the only one. ``help`` is the flag's; ``comment`` stands beside the key in a file
    that ackgpu writes.

    ``api``: its field in the body of CreateCluster or CreateClusterNodePool and in what ACK
    answers, if it is sent as it stands. ``observed``: the attribute of
    :class:`~ackgpu.cloud.api.Cluster` or :class:`~ackgpu.cloud.api.NodePool` that holds what was
    found, if the answers tell it in several ways. ``terraform``: the argument of the provider's
    resource; ``ros``: the property of ROS's.

    ``compared``, with a cluster that stands: ``here`` as it is, if both the spec and ACK say
    something; ``exactly``, nothing being a value too; by the ``steps``; never, since it belongs to
    one ``run``; or not at all, since it is told ``once``, when the thing is made. ``change``: the
    command that makes it what the spec says, in which ``{pool}`` and ``{value}`` are filled in;
    empty if nothing does. ``applied``: ``apply`` changes it in place; a pool's setting with ``api``
    needs nothing more for it, any other has a step. ``way``: why that cannot be,
    and what to do instead, with ``{file}`` beside these; empty for what holds for the section
    (:mod:`ackgpu.spec.in_place`).
    """

    key: str
    flag: str = ""
    name: str = ""
    kind: Any = str
    metavar: str = ""
    on: str = ""
    every_pool: bool = False
    panel: str | None = None
    help: str = ""
    comment: str = ""
    api: str = ""
    observed: str = ""
    terraform: str = ""
    ros: str = ""
    compared: Compared = "here"
    change: str = ""
    applied: bool = False
    way: str = ""

    @property
    def parameter(self) -> str:
        """The name of the flag's value: ``pod_cidr``."""
        return self.name or self.flag.partition("/")[0].lstrip("-").replace("-", "_").lower()

    @property
    def typed(self) -> str:
        """The flag as messages name it: ``--ssh``."""
        return self.flag.partition("/")[0].partition(" ")[0]

    @property
    def in_pool(self) -> str:
        """Its path within a node pool; empty for what is not a pool's."""
        return self.key.removeprefix(POOL) if self.key.startswith(POOL) else ""


FIELDS = (
    Field(key="metadata.name", flag="NAME", on="checked init", help="The cluster's name.",
          compared="steps"),
    Field(key="metadata.region", flag=flag.REGION, compared="steps"),
    Field(key="metadata.version", flag=flag.KUBERNETES_VERSION, metavar="VERSION", on="checked",
          panel=WHAT,
          help="A version or a minor; auto is the newest creatable.", compared="steps",
          comment="auto: the newest that ACK creates in the region",
          change=f"upgrade NAME {flag.TO} {{value}}",
          way=f"`ackgpu upgrade NAME {flag.TO} {{value}}` upgrades it, after ACK's own check"),
    Field(key="metadata.tags", compared="steps", applied=True),
    Field(key="lifecycle.ttl", flag=flag.TTL, metavar="DURATION", on="create init", panel=WHAT,
          help="Tag everything to expire after this, such as 3h.", compared="steps",
          comment="such as 3h; null: until it is deleted",
          change=f"extend NAME {flag.TTL} {{value}}",
          applied=True),
    Field(key="lifecycle.onFailure", flag="--on-failure", kind=OnFailure, on="create",
          help="Keep what was made, so that create again goes on, or not.", compared="run",
          comment="keep: the next create goes on; rollback: remove what this run made"),
    Field(key="lifecycle.timeout", flag=flag.TIMEOUT, metavar="DURATION", on="create",
          compared="run",
          help="How long it may take."),
    Field(key="lifecycle.maxHourlyPrice", flag=flag.MAX_HOURLY_PRICE, kind=float, on="checked",
          panel=WHAT, help="Refuse what costs more an hour.", compared="run",
          comment="refuse to create above it; null: no limit"),
    Field(key="lifecycle.allowUnknownPrice", flag=flag.ALLOW_UNKNOWN_PRICE, kind=bool, on="checked",
          panel=WHAT, help="Compare with what is known, where a price is not.", compared="run",
          comment="true: a part without a known price does not stop it"),
    Field(key="lifecycle.deletionProtection", observed="deletion_protection",
          terraform="deletion_protection", ros="DeletionProtection", applied=True),
    Field(key="cluster.type", observed="cluster_type"),
    Field(key="cluster.spec", flag="--cluster-spec", kind=Edition, on="quota", panel=WHAT,
          help="The edition; Basic (ack.standard) holds 10 nodes.",
          comment="ack.standard (Basic) holds 10 nodes", observed="cluster_spec",
          terraform="cluster_spec", ros="ClusterSpec"),
    Field(key="cluster.endpointPublicAccess", flag=f"--public-endpoint/{flag.NO_PUBLIC_ENDPOINT}",
          kind=bool, on="surroundings", panel=NETWORK, observed="public",
          help="Whether the API server is reached from outside the VPC.",
          comment="false: reach the API from inside the VPC",
          terraform="slb_internet_enabled", ros="EndpointPublicAccess", applied=True),
    Field(key="cluster.serviceCidr", flag="--service-cidr", metavar="CIDR", on="checked",
          panel=NETWORK,
          help="The range of Services.", api="service_cidr", terraform="service_cidr",
          ros="ServiceCidr"),
    Field(key="cluster.domain", flag="--cluster-domain", metavar="DOMAIN", on="checked",
          panel=NETWORK, help="The domain in which Services have their names.",
          api="cluster_domain", terraform="cluster_domain"),
    Field(key="cluster.addons[].name", compared="steps", applied=True),
    Field(key="cluster.addons[].version", compared="steps", applied=True),
    Field(key="cluster.addons[].config", compared="steps", applied=True),
    Field(key="cluster.addons[].disabled", compared="steps", applied=True),
    Field(key="cluster.ssh", flag="--ssh/--no-ssh", kind=bool, on="checked", panel=NETWORK,
          help=f"Open port 22, which managed clusters ignore; needs {flag.KEY_PAIR}.",
          compared="once",
          comment="asks for port 22, which managed clusters ignore; each pool needs a keyPair"),
    Field(key="cluster.raw", compared="steps",
          comment="further fields of CreateCluster, merged last"),
    Field(key="network.plugin", flag=flag.NETWORK, kind=Literal["flannel", "terway"],
          on="quota init", panel=NETWORK,
          help="The network plugin.", observed="plugin",
          comment="flannel: one route entry a node; or terway-eniip"),
    Field(key="network.podCidr", flag="--pod-cidr", metavar="CIDR", on="checked", panel=NETWORK,
          help="The range of pods (Flannel).", comment="Flannel only, as nodeCidrMask",
          observed="pod_cidr", terraform="pod_cidr", ros="ContainerCidr"),
    Field(key="network.nodeCidrMask", observed="node_cidr_mask",
          comment="addresses of a node: 26 is 64 pods"),
    Field(key="network.proxyMode", api="proxy_mode", observed="proxy_mode",
          terraform="proxy_mode", ros="ProxyMode"),
    Field(key="network.vpc.id", flag=flag.VPC_ID, metavar="VPC_ID", on="surroundings",
          panel=NETWORK, help="An existing VPC; it is never changed or deleted.", observed="vpc_id",
          comment="a VPC of yours, used and never changed; then leave out cidr"),
    Field(key="network.vpc.cidr", compared="steps"),
    Field(key="network.vswitches[].id", compared="steps"),
    Field(key="network.vswitches[].zone", compared="steps"),
    Field(key="network.vswitches[].cidr", compared="steps"),
    Field(key="network.podVswitches[].id", compared="steps"),
    Field(key="network.podVswitches[].zone", compared="steps"),
    Field(key="network.podVswitches[].cidr", compared="steps"),
    Field(key="network.nat.create", compared="steps"),
    Field(key="network.nat.id", compared="steps"),
    Field(key="network.nat.eip.create", compared="steps"),
    Field(key="network.nat.eip.id", compared="steps"),
    Field(key="network.nat.eip.bandwidth", comment="Mbit/s, paid by traffic", compared="steps",
          way="`aliyun vpc ModifyEipAddressAttribute --AllocationId ID --Bandwidth {value}`"
          f" changes it; `ackgpu describe NAME {flag.RESOURCES}` shows the id"),
    Field(key="network.securityGroupId", observed="security_group_id"),
    Field(key="nodePools[].name", compared="steps", applied=True),
    Field(key="nodePools[].instanceTypes", flag=f"{flag.INSTANCE_TYPE} {flag.NODE_TYPE}",
          name="instance_types", kind=list, metavar="TYPE", on="quota init pool", panel=NODES,
          help="A vGPU type, repeatable, in order; if unset, another one where it is sold out.",
          comment="tried in this order",
          compared="steps"),
    Field(key="nodePools[].desiredSize", flag=flag.NODES, kind=int, on="quota init pool",
          panel=NODES, help="How many.", comment="nodes", compared="steps",
          change=f"nodepool scale NAME {{pool}} {flag.NODES} {{value}}", applied=True),
    Field(key="nodePools[].autoScaling.enable", compared="steps", applied=True),
    Field(key="nodePools[].autoScaling.min", compared="steps", applied=True),
    Field(key="nodePools[].autoScaling.max", compared="steps", applied=True),
    Field(key="nodePools[].autoScaling.type", compared="steps",
          way="ACK does not change how a pool scales itself: give the pool another name, and"
          f" `ackgpu apply -f {{file}} {flag.PRUNE}` makes it anew"),
    Field(key="nodePools[].systemDisk.category", compared="steps",
          comment="empty: the best one that every type takes"),
    Field(key="nodePools[].systemDisk.size", comment="GiB", compared="steps"),
    Field(key="nodePools[].dataDisks[].category", compared="steps"),
    Field(key="nodePools[].dataDisks[].size", compared="steps"),
    Field(key="nodePools[].chargeType", flag="--charge-type", kind=ChargeType, on="quota pool",
          panel=NODES,
          help="How nodes are paid.", observed="charge_type", terraform="instance_charge_type",
          ros="ScalingGroup.InstanceChargeType",
          way=f"`ackgpu nodepool convert-billing NAME {{pool}} {flag.PERIOD} 1` turns pay-as-you-go"
          " into a subscription; the other way another pool is needed"),
    Field(key="nodePools[].period", flag=flag.PERIOD, kind=int, on="quota pool", panel=NODES,
          help="Months, for PrePaid.", comment="months, for PrePaid", compared="steps"),
    Field(key="nodePools[].autoRenew", flag="--auto-renew/--no-auto-renew", kind=bool, on="pool",
          help="For PrePaid.", compared="steps"),
    Field(key="nodePools[].spot.strategy", compared="steps"),
    Field(key="nodePools[].spot.priceLimit", compared="steps",
          comment="an hour, for SpotWithPriceLimit"),
    Field(key="nodePools[].spot.onDemandBase", compared="steps"),
    Field(key="nodePools[].multiAzPolicy", flag="--multi-az-policy", kind=MultiAzPolicy, on="pool",
          help="How nodes spread over zones.", api="scaling_group.multi_az_policy",
          terraform="multi_az_policy", ros="ScalingGroup.MultiAzPolicy", applied=True),
    Field(key="nodePools[].imageType", flag=flag.IMAGE_TYPE, kind=ImageType, on="pool",
          help="The nodes' operating system; auto is ACK's own for the Kubernetes version.",
          comment="auto: ACK's own for the Kubernetes version", api="scaling_group.image_type",
          terraform="image_type", ros="ScalingGroup.ImageType"),
    Field(key="nodePools[].imageId", flag="--image-id", metavar="IMAGE_ID", on="pool",
          help="An ECS image of your own for the nodes.", comment="an image of your own",
          api="scaling_group.image_id", observed="custom_image", terraform="image_id",
          ros="ScalingGroup.ImageId", compared="exactly"),
    Field(key="nodePools[].keyPair", flag=flag.KEY_PAIR, metavar="KEY_PAIR",
          on="policy checked pool", every_pool=True,
          panel=NODES, help="An ECS key pair for the nodes.", api="scaling_group.key_pair",
          terraform="key_name", ros="ScalingGroup.KeyPair", compared="exactly"),
    Field(key="nodePools[].labels", compared="steps", applied=True),
    Field(key="nodePools[].taints[].key", compared="steps", applied=True),
    Field(key="nodePools[].taints[].value", compared="steps", applied=True),
    Field(key="nodePools[].taints[].effect", compared="steps", applied=True),
    Field(key="nodePools[].runtime.name", api="kubernetes_config.runtime",
          terraform="runtime_name", ros="KubernetesConfig.Runtime"),
    Field(key="nodePools[].runtime.version", api="kubernetes_config.runtime_version",
          terraform="runtime_version", ros="KubernetesConfig.RuntimeVersion"),
    Field(key="nodePools[].attach.instanceIds", compared="steps", applied=True),
    Field(key="nodePools[].attach.keepInstanceName", compared="once"),
    Field(key="nodePools[].attach.formatDisk", compared="once"),
    Field(key="nodePools[].userData", compared="steps"),
    Field(key="nodePools[].licenseServer", flag="--license-server", metavar="HOST:PORT", on="pool",
          help="host:port of the GRID licence server (vgn5i, vgn6i).", compared="steps",
          comment="host:port; vgn5i and vgn6i include no GRID licence"),
    Field(key="nodePools[].gpu.driver", flag="--gpu-driver", kind=Driver, on="create pool",
          panel=NODES, compared="steps",
          help="Who installs the NVIDIA driver; auto is what is documented for the type.",
          comment="auto: what is documented for the type"),
    Field(key="nodePools[].gpu.ossEndpoint", comment="for driver runfile", compared="steps"),
    Field(key="nodePools[].gpu.runfile", comment="for driver runfile", compared="steps"),
    Field(key="nodePools[].raw", comment="further fields of CreateClusterNodePool, merged last",
          compared="once"),
    Field(key="gpu.expect.fromInstanceTable", compared="run"),
    Field(key="gpu.expect.name", compared="run"),
    Field(key="gpu.expect.count", compared="run"),
    Field(key="gpu.expect.memMiB", comment="such as 2048 or >=1900", compared="run"),
    Field(key="gpu.licenseServer", compared="steps"),
    Field(key="gpu.sample.image", compared="run"),
    Field(key="gpu.sample.registry", comment="in place of Docker Hub", compared="run"),
    Field(key="gpu.sample.timeout", compared="run"),
    Field(key="verify.level", comment="none, labels, allocatable, network or cuda", compared="run"),
    Field(key="verify.consecutive", compared="run"),
)  # fmt: skip

BY_KEY = {field.key: field for field in FIELDS}
FLAGS = tuple(field for field in FIELDS if field.flag)


def flags_on(line: str) -> Iterator[Field]:
    """The settings that have a flag on the command lines of that name, one of ``Field.on``."""
    return (field for field in FLAGS if line in field.on.split())


def sent(*, pool: bool) -> Iterator[Field]:
    """The settings of pools, or of the cluster, that are sent as they stand."""
    return (field for field in FIELDS if field.api and bool(field.in_pool) == pool)


def value_at(document: Any, key: str) -> Any:
    """The value at the path ``key`` of a document; None if there is none."""
    for part in key.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document


def put_at(document: dict[str, Any], key: str, value: object) -> None:
    """Set ``key`` (``network.vpc.id``), making the mappings around it."""
    *parents, last = key.split(".")
    for part in parents:
        document = document.setdefault(part, {})
    document[last] = value
