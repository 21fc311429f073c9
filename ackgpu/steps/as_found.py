"""A node pool as it stands, in the words of ``cluster.yaml``.

An export writes it down, and a second ``create`` compares its spec with it. What the cloud does not
tell, or a spec has no word for, is left out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from typing import Any, get_args

from ackgpu.cloud.api import NodePool
from ackgpu.engine.step import Drift
from ackgpu.spec import catalog
from ackgpu.spec.fingerprint import Difference, differences
from ackgpu.spec.model import ClusterSpec, NodePoolSpec, RuntimeSpec, document_of, parse
from ackgpu.steps.user_data import needs_license_server, parts_of

Document = dict[str, Any]
_ACK_DOMAINS = ("aliyun.com", "alibabacloud.com", "kubernetes.io")
"""Whose labels ACK puts on nodes itself; whether pools show them as well is UNCONFIRMED."""
_DIGEST = 8


def pool_document(found: NodePool) -> Document:
    """The settings of a pool, but for its size and bounds, under the keys of a file.

    Empty ones are there too. What a spec cannot say is in :func:`unsayable` instead.
    """
    system_disk, *data_disks = [_disk(*disk) for disk in found.disks or (("", 0),)]
    script = _script(found.user_data)
    server, own_script = parts_of(script or "")
    document: Document = {
        "instanceTypes": list(found.instance_types),
        "systemDisk": system_disk,
        "dataDisks": data_disks,
        "chargeType": found.charge_type,
        "autoRenew": found.auto_renew and found.charge_type == "PrePaid",
        "spot": _spot(found),
        "keyPair": found.key_pair,
        "labels": _labels(found),
        "taints": [{"key": k, "value": v, "effect": e} for k, v, e in found.taints],
        "licenseServer": server,
    }
    if script is not None:
        document["userData"] = own_script
    if found.charge_type == "PrePaid" and found.period:
        document["period"] = found.period
    told = {"imageType": found.image_type, "multiAzPolicy": found.multi_az_policy}
    strange = unsayable(found)
    document |= {key: value for key, value in told.items() if value and key not in strange}
    if found.runtime and "runtime.name" not in strange:
        document["runtime"] = {"name": found.runtime, "version": found.runtime_version}
    return document


def unsayable(found: NodePool) -> dict[str, str]:
    """Settings of a pool that a spec has no word for, by its keys."""
    choices = {
        "imageType": (found.image_type, _choices(NodePoolSpec, "image_type")),
        "multiAzPolicy": (found.multi_az_policy, _choices(NodePoolSpec, "multi_az_policy")),
        "runtime.name": (found.runtime, _choices(RuntimeSpec, "name")),
    }
    strange = {k: value for k, (value, known) in choices.items() if value and value not in known}
    if found.charge_type == "PrePaid" and not found.period:
        strange["period"] = "in weeks"
    return strange


def pool_drift(spec: ClusterSpec, pool: NodePoolSpec, found: NodePool) -> tuple[Drift, ...]:
    """Where the pool is not what ``pool`` of ``spec`` asks for, but for its size and bounds.

    What the spec leaves open is as it was found, and so is the runtime's version, which upgrades
    of the pool change.
    """
    server = spec.license_server_of(pool) if needs_license_server(pool) else ""
    wanted = document_of(pool) | {"licenseServer": server}
    seen = _as_asked(wanted | pool_document(found), pool, wanted)
    before, after = (parse({"nodePools": [document]}) for document in (seen, wanted))
    return tuple(_drifts(differences(before, after)))


def _as_asked(seen: Document, pool: NodePoolSpec, wanted: Document) -> Document:
    """What was found, with what the spec leaves to ackgpu or to ACK as the spec has it."""
    asked = [pool.system_disk.category, *(disk.category for disk in pool.data_disks)]
    disks = [seen["systemDisk"], *seen["dataDisks"]]
    for disk, category in zip(disks, asked, strict=False):
        if not category:
            disk["category"] = ""
    seen["systemDisk"] = wanted["systemDisk"] | seen["systemDisk"]
    seen["runtime"] = seen["runtime"] | {"version": pool.runtime.version}
    if pool.spot.on_demand_base:
        seen["multiAzPolicy"] = pool.multi_az_policy
    seen["labels"] = {
        key: value
        for key, value in seen["labels"].items()
        if key in pool.labels or not _is_acks(key)
    }
    return seen


def _drifts(found: list[Difference]) -> Iterator[Drift]:
    for difference in found:
        if not difference.before and not difference.after:
            continue  # no labels at all: said by the labels that there are
        say = _digest if difference.key.endswith(".userData") else _said
        yield Drift(difference.key, say(difference.after), say(difference.before))


def _said(value: Any) -> str:
    if value in (None, "", [], {}):
        return "none"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _digest(script: Any) -> str:
    """A script is not shown: it may hold secrets."""
    if not script:
        return "none"
    return f"a script of SHA-256 {hashlib.sha256(str(script).encode()).hexdigest()[:_DIGEST]}"


def _disk(category: str, size: int) -> Document:
    known = {"category": category, "size": size}
    return {key: value for key, value in known.items() if value}


def _spot(found: NodePool) -> Document:
    if found.spot_strategy == "NoSpot":
        return {}
    spot: Document = {"strategy": "SpotAsPriceGo"}
    if found.spot_strategy == "SpotWithPriceLimit" and found.spot_price_limit is not None:
        spot = {"strategy": "SpotWithPriceLimit", "priceLimit": found.spot_price_limit}
    return spot | ({"onDemandBase": found.on_demand_base} if found.on_demand_base else {})


def _labels(found: NodePool) -> dict[str, str]:
    """Without ackgpu's own, where it is as ackgpu sets it."""
    own = (catalog.KIND_LABEL, catalog.gpu_kind(found.instance_types))
    return {key: value for key, value in found.labels.items() if (key, value) != own}


def _is_acks(label: str) -> bool:
    domain = label.partition("/")[0] if "/" in label else label
    return domain.endswith(_ACK_DOMAINS)


def _script(encoded: str) -> str | None:
    """The user data as text; None where it is none."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _choices(record: type[Any], field: str) -> tuple[str, ...]:
    return get_args(record.model_fields[field].annotation)
