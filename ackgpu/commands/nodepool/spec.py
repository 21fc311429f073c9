"""A cluster that stands, and one pool of it, as a spec: what the rules and the steps speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from ackgpu import flag
from ackgpu.cloud.api import Cluster, NodePool, VSwitch
from ackgpu.commands.load_spec import read_spec_file
from ackgpu.errors import SpecError, UsageError
from ackgpu.naming import TAG_PREFIX, ownership_tags
from ackgpu.session import Session
from ackgpu.spec.findings import Finding
from ackgpu.spec.model import ClusterSpec, ControlPlaneSpec, document_of, parse
from ackgpu.spec.shape import read_spec
from ackgpu.steps.blueprint import Blueprint, ZonePlan

EDITIONS = get_args(ControlPlaneSpec.model_fields["spec"].annotation)


@dataclass(frozen=True, kw_only=True)
class PoolFlags:
    """A pool as the command line has it. ``settings`` are keys of a spec's pool with their values.

    ``file``: a cluster.yaml in which a pool of that name is described; flags come over it.
    """

    file: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    taints: tuple[str, ...] = ()
    system_disk: str = ""
    data_disks: tuple[str, ...] = ()
    user_data: Path | None = None
    spot: Mapping[str, Any] = field(default_factory=dict)
    least: int | None = None
    most: int | None = None


def pool_document(
    name: str, flags: PoolFlags, session: Session
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pool ``name``, and the ``gpu`` part of its file, as a spec has them.

    Raises UsageError for what cannot be read.
    """
    pool, gpu = _from_file(name, flags.file, session)
    pool |= {key: value for key, value in flags.settings.items() if value not in (None, [], ())}
    if flags.labels:
        pool["labels"] = {**pool.get("labels", {}), **dict(label_of(text) for text in flags.labels)}
    if flags.taints:
        pool["taints"] = [taint_of(text) for text in flags.taints]
    if flags.system_disk:
        pool["systemDisk"] = _disk(flags.system_disk)
    if flags.data_disks:
        pool["dataDisks"] = [_disk(text) for text in flags.data_disks]
    if flags.user_data is not None:
        pool["userData"] = _text(flags.user_data)
    if flags.spot:
        pool["spot"] = dict(flags.spot)
    if flags.least is not None or flags.most is not None:
        bounds = {"min": flags.least or 0, "max": flags.most or 0}
        pool["autoScaling"] = {"enable": True, "type": "gpu", **bounds}
    return pool, gpu


def checked_spec(document: Mapping[str, Any]) -> tuple[ClusterSpec, tuple[str, ...]]:
    """The spec by every rule, and its warnings. Raises SpecError with every finding.

    What the rules say of the network is about one that is to be made: this one stands.
    """
    spec, findings = read_spec(document)
    errors = [finding for finding in findings if finding.is_error]
    if errors or spec is None:
        raise SpecError(errors)
    return spec, said_of([finding for finding in findings if not finding.is_error])


def said_of(warnings: Iterable[Finding]) -> tuple[str, ...]:
    """The warnings that are not about a network that is to be made."""
    return tuple(str(found) for found in warnings if not found.key.startswith("network."))


def standing_document(
    cluster: Cluster, vswitches: Sequence[VSwitch], pool: Mapping[str, Any]
) -> dict[str, Any]:
    """The cluster's spec with only ``pool``: its network is given."""
    network: dict[str, Any] = {
        "plugin": "flannel" if cluster.pod_cidr else "terway-eniip",
        "vpc": {"id": cluster.vpc_id},
        "vswitches": [{"id": vswitch.id} for vswitch in vswitches],
        "nat": {"create": False},
    }
    if cluster.pod_cidr:
        network["podCidr"] = cluster.pod_cidr
    if cluster.security_group_id:
        network["securityGroupId"] = cluster.security_group_id
    control_plane: dict[str, Any] = {"endpointPublicAccess": bool(cluster.public_endpoint)}
    if cluster.service_cidr:
        control_plane["serviceCidr"] = cluster.service_cidr
    if cluster.cluster_spec in EDITIONS:
        control_plane["spec"] = cluster.cluster_spec
    return {
        "metadata": {"name": cluster.name, "region": cluster.region},
        "cluster": control_plane,
        "network": network,
        "nodePools": [dict(pool)],
    }


def spec_of_pool(
    cluster: Cluster, vswitches: Sequence[VSwitch], pool: NodePool, nodes: int
) -> ClusterSpec:
    """The same of a pool that exists, with ``nodes`` nodes; the rules are not applied."""
    document = standing_document(
        cluster,
        vswitches,
        {
            "name": pool.name,
            "instanceTypes": list(pool.instance_types),
            "desiredSize": nodes,
            "chargeType": pool.charge_type,
            "spot": {"strategy": pool.spot_strategy},
        },
    )
    return parse(document)


def blueprint_of(spec: ClusterSpec, cluster: Cluster, vswitches: Sequence[VSwitch]) -> Blueprint:
    """The decided form: every tag of ours on the cluster is passed on to what is made."""
    tags = {key: value for key, value in cluster.tags.items() if key.startswith(TAG_PREFIX)}
    tags = tags or ownership_tags(cluster=cluster.name)
    zones = tuple(ZonePlan(v.zone_id, v.cidr, v.id) for v in vswitches)
    return Blueprint(spec, cluster.version, zones, tags)


def _from_file(
    name: str, file: Path | None, session: Session
) -> tuple[dict[str, Any], dict[str, Any]]:
    if file is None:
        return {"name": name}, {}
    loaded = read_spec_file(file, session)
    spec = loaded.spec
    found = next((pool for pool in spec.node_pools if pool.name == name), None)
    if found is None:
        names = ", ".join(pool.name for pool in spec.node_pools)
        raise UsageError(f"{loaded.source} has no node pool {name}.", resolution=f"It has {names}.")
    return document_of(found, defaults=False), document_of(spec.gpu, defaults=False)


def label_of(text: str) -> tuple[str, str]:
    """The key and value of ``key=value``. Raises UsageError."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise UsageError(f"{flag.LABEL} {text} is no label.", resolution="Give key=value.")
    return key, value


def taint_of(text: str) -> dict[str, str]:
    """A taint as a spec has it, from ``key=value:NoSchedule``. Raises UsageError."""
    head, colon, effect = text.rpartition(":")
    key, _, value = head.partition("=")
    if not (key and colon):
        raise UsageError(
            f"{flag.TAINT} {text} is no taint.",
            resolution="Give key=value:NoSchedule, as kubectl does.",
        )
    return {"key": key, "value": value, "effect": effect}


def _disk(text: str) -> dict[str, Any]:
    category, _, size = text.rpartition(":")
    if not size.isdecimal():
        raise UsageError(
            f"{text} is no disk.", resolution="Give GiB or category:GiB, such as cloud_essd:200."
        )
    return {"category": category, "size": int(size)}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{flag.USER_DATA} {path} cannot be read: {error}.") from error
