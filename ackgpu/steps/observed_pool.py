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
from typing import Any

from ackgpu.cloud.api import NodePool
from ackgpu.engine.step import Drift
from ackgpu.spec import catalog, drivers
from ackgpu.spec.fields import FIELDS, put_at, value_at
from ackgpu.spec.fingerprint import Difference, differences
from ackgpu.spec.model import ClusterSpec, NodePoolSpec, document_of, parse
from ackgpu.spec.schema import choices_of
from ackgpu.steps.field_values import is_untold, observed
from ackgpu.steps.user_data import parts_of, wanted_parts

Document = dict[str, Any]
Taints = tuple[tuple[str, str, str], ...]
_ACK_DOMAINS = ("aliyun.com", "alibabacloud.com", "kubernetes.io")
"""Whose labels ACK puts on nodes itself; whether pools show them as well is UNCONFIRMED."""
_DIGEST = 8


def pool_document(found: NodePool) -> Document:
    """The settings of a pool, but for its size and bounds, under the keys of a file.

    Empty ones are there too. What a spec cannot say is in :func:`unsupported_settings` instead.
    """
    system_disk, *data_disks = [_disk(*disk) for disk in found.disks or (("", 0),)]
    script = _script(found.user_data)
    plugin, server, own_script = parts_of(script or "")
    document: Document = {
        "instanceTypes": list(found.instance_types),
        "systemDisk": system_disk,
        "dataDisks": data_disks,
        "autoRenew": found.auto_renew and found.charge_type == "PrePaid",
        "spot": _spot(found),
        "labels": _labels(found),
        "taints": [{"key": k, "value": v, "effect": e} for k, v, e in found.taints],
        "licenseServer": server,
    }
    if script is not None:
        document["gpu"] = _gpu(found, plugin)
        document["userData"] = own_script
    if found.charge_type == "PrePaid" and found.period:
        document["period"] = found.period
    strange = unsupported_settings(found)
    for row, value in observed(found):
        if row.in_pool not in strange and (row.compared == "exactly" or not is_untold(value)):
            put_at(document, row.in_pool, "" if value is None else value)
    return document


def unsupported_settings(found: NodePool) -> dict[str, str]:
    """Settings of a pool that a spec has no word for, by its keys."""
    strange = {
        row.in_pool: str(value)
        for row, value in observed(found)
        if not is_untold(value) and value not in (choices_of(row.key) or (value,))
    }
    if found.charge_type == "PrePaid" and not found.period:
        strange["period"] = "in weeks"
    return strange


def pool_drift(spec: ClusterSpec, pool: NodePoolSpec, found: NodePool) -> tuple[Drift, ...]:
    """Where the pool is not what ``pool`` of ``spec`` asks for, but for its size and bounds.

    What the spec leaves open is as it was found.
    """
    server = wanted_parts(spec, pool).server
    wanted = document_of(pool) | {"licenseServer": server}
    wanted["gpu"]["driver"] = pool.driver
    found_now = pool_document(found)
    if "gpu" in found_now:
        by_default = drivers.driver_of(drivers.AUTO, found.instance_types)
        found_now["gpu"] = {"driver": by_default} | found_now["gpu"]
    seen = _as_asked(wanted | found_now, pool, wanted)
    before, after = (parse({"nodePools": [document]}) for document in (seen, wanted))
    return tuple(_drifts(differences(before, after)))


class PoolDrift:
    """The same of one pool that is looked at often: compared again only if its settings change."""

    def __init__(self, spec: ClusterSpec, pool: NodePoolSpec) -> None:
        self._spec = spec
        self._pool = pool
        self._settings: Document | None = None
        self._drift: tuple[Drift, ...] = ()

    def of(self, found: NodePool) -> tuple[Drift, ...]:
        """Where ``found`` is not what the spec asks for, as :func:`pool_drift` tells it."""
        settings = pool_document(found)
        # Two specs were parsed at each look: 15,848 times in one create.
        if settings != self._settings:
            self._settings = settings
            self._drift = pool_drift(self._spec, self._pool, found)
        return self._drift


def _as_asked(seen: Document, pool: NodePoolSpec, wanted: Document) -> Document:
    """What was found, with what the spec leaves to ackgpu or to ACK as the spec has it."""
    asked = [pool.system_disk.category, *(disk.category for disk in pool.data_disks)]
    disks = [seen["systemDisk"], *seen["dataDisks"]]
    for disk, category in zip(disks, asked, strict=False):
        if not category:
            disk["category"] = ""
    seen["systemDisk"] = wanted["systemDisk"] | seen["systemDisk"]
    for row in FIELDS:
        if row.in_pool and row.compared == "here":
            as_wanted = value_at(wanted, row.in_pool)
            if is_untold(as_wanted) or is_untold(value_at(seen, row.in_pool)):
                put_at(seen, row.in_pool, as_wanted)
    if not {pool.driver, seen["gpu"].get("driver")} & {drivers.PLUGIN, drivers.RUNFILE}:
        seen["gpu"] = wanted["gpu"]  # what else there is leaves no trace
    if pool.spot.on_demand_base:
        # ackgpu itself sets another one, which Auto Scaling wants of an on-demand base.
        seen["multiAzPolicy"] = pool.multi_az_policy
    seen["labels"] = {
        key: value
        for key, value in seen["labels"].items()
        # ACK may show its own labels on a pool, and nobody has put them into the spec.
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
    if isinstance(value, list) and all({"key", "effect"} <= set(item) for item in value):
        return ", ".join(f"{t['key']}={t['value']}:{t['effect']}" for t in value)
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
    own = catalog.own_labels(found.instance_types)
    return {
        key: value
        for key, value in found.labels.items()
        if own.get(key) != value and key not in {drivers.OSS_LABEL, drivers.RUNFILE_LABEL}
    }


def _gpu(found: NodePool, plugin: str) -> Document:
    """Who installs the driver, as far as the pool shows it; empty if that is as by default."""
    if found.labels.get(drivers.RUNFILE_LABEL):
        return {
            "driver": drivers.RUNFILE,
            "ossEndpoint": found.labels.get(drivers.OSS_LABEL, ""),
            "runfile": found.labels[drivers.RUNFILE_LABEL],
        }
    by_default = drivers.driver_of(drivers.AUTO, found.instance_types)
    if plugin:
        return {} if by_default == drivers.PLUGIN else {"driver": drivers.PLUGIN}
    other = drivers.IMAGE if found.custom_image else drivers.NONE
    return {"driver": other} if by_default == drivers.PLUGIN else {}


def marks_of(pool: NodePoolSpec, found: NodePool) -> tuple[dict[str, str], Taints]:
    """The labels and taints that the pool is to have: the spec's, and ACK's own as they are."""
    kept = {key: value for key, value in found.labels.items() if _is_acks(key)}
    own = catalog.own_labels(found.instance_types)
    kept |= {key: value for key, value in own.items() if key in found.labels}
    kept |= {
        k: v for k, v in found.labels.items() if k in {drivers.OSS_LABEL, drivers.RUNFILE_LABEL}
    }
    return kept | pool.labels, tuple((t.key, t.value, t.effect) for t in pool.taints)


def _is_acks(label: str) -> bool:
    domain = label.partition("/")[0] if "/" in label else label
    return domain.endswith(_ACK_DOMAINS)


def _script(encoded: str) -> str | None:
    """The user data as text; None where it is none."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
