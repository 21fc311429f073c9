"""Names, tags and client tokens of what ackgpu makes: pure functions.

The tags are how a thing is known as ours after every other record is lost. Every key and value here
keeps within the narrowest limit of the services that carry it: keys of at most 64 characters and
values of at most 128, neither beginning with ``aliyun`` or ``acs:`` (ECS and VPC API reference,
Tag.N.Key and Tag.N.Value).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime

CLUSTER_TAG = "ackgpu:cluster"
RUN_TAG = "ackgpu:run"
EXPIRES_TAG = "ackgpu:expires-at"
TTL_TAG = "ackgpu:ttl"
"""The lifetime that the expiry came of: the expiry itself is put off, the lifetime stays."""
HOLD_TAG = "ackgpu:hold"
UPGRADE_TAG = "ackgpu:upgrade-to"
"""On a cluster: the version that an upgrade was requested to, until its end was seen."""
UPGRADE_SEEN = "none"
CLUSTER_ID_TAG = "ackgpu:cluster-id"
"""On the network that was made for a cluster: the id that CreateCluster answered with."""
ASLEEP_TAG = "ackgpu:asleep-"
"""On a cluster that sleeps: what its pools had, in up to four tags that end in 1 to 4."""
TAG_PREFIX = "ackgpu:"

TAG_KEY_LIMIT = 64
TAG_VALUE_LIMIT = 128

_NAME_LIMIT = 63
# Letters, digits, the CJK ideographs and hyphens, the first not a hyphen (CS API reference,
# CreateCluster, name).
_CLUSTER_NAME = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff-]*")
_RESERVED_STARTS = ("aliyun", "acs:")
_DENIALS = frozenset({"", "false", "no", "0"})
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def resource_name(cluster: str, part: str) -> str:
    """The name of the ``part`` (``vpc``, ``vswitch-cn-hangzhou-k``) made for ``cluster``."""
    return f"ackgpu-{cluster}-{part}"


def is_zone_resource(name: str, cluster: str, part: str) -> bool:
    """Whether ``name`` is what ackgpu gives to the ``part`` of a zone of exactly this cluster.

    The names of another cluster, ``demo-snat`` beside ``demo``, may begin alike.
    """
    prefix = re.escape(resource_name(cluster, part))
    return re.fullmatch(rf"{prefix}-[^-]+(-pods)?", name) is not None


def client_token(*, account: str, region: str, cluster: str, run: str, step: str) -> str:
    """The client token of one request: the same words give the same token, in any process.

    ASCII, 47 characters; the services take up to 64.
    """
    # A zero byte is in none of the parts, so no two lists of parts run into the same text.
    text = f"{account}\0{region}\0{cluster}\0{run}\0{step}"
    return "ackgpu-" + hashlib.sha256(text.encode()).hexdigest()[:40]


def run_id(started: datetime, entropy: bytes) -> str:
    """The id of a run: its start in UTC to the millisecond, then six hex digits of ``entropy``.

    Ids sort by time.
    """
    digits = hashlib.sha256(entropy).hexdigest()[:6]
    milliseconds = started.microsecond // 1000
    return f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{milliseconds:03d}{digits}"


def start_of_run(run: str) -> datetime | None:
    """When the run began, to the second; None where ``run`` is no id of ours."""
    try:
        return datetime.strptime(run.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def ownership_tags(
    *, cluster: str, run: str = "", expires: datetime | None = None, ttl: str = ""
) -> dict[str, str]:
    """The tags of what is made for ``cluster``; what is empty is left out."""
    tags = {
        CLUSTER_TAG: cluster,
        RUN_TAG: run,
        EXPIRES_TAG: format_instant(expires) if expires else "",
        TTL_TAG: ttl,
    }
    return {key: value for key, value in tags.items() if value}


def cluster_name_from_tags(tags: Mapping[str, str]) -> str | None:
    """The cluster that something was made for, or None where it is not ours."""
    return tags.get(CLUSTER_TAG) or None


def expiry_from_tags(tags: Mapping[str, str]) -> datetime | None:
    """The instant at which something expires: None without one, while held, or if unreadable."""
    return None if is_held(tags) else _instant(tags.get(EXPIRES_TAG, ""))


def unreadable_expiry(tags: Mapping[str, str]) -> str:
    """What stands in place of an expiry and is no time; empty without it, and while held."""
    text = tags.get(EXPIRES_TAG, "")
    return text if text and not is_held(tags) and _instant(text) is None else ""


def is_held(tags: Mapping[str, str]) -> bool:
    """Whether something is kept from expiring, by ``ackgpu extend`` or by a person's tag.

    Any value but an empty one, false, no and 0 holds: what is removed does not come back.
    """
    return tags.get(HOLD_TAG, "").strip().lower() not in _DENIALS


def is_asleep(tags: Mapping[str, str]) -> bool:
    """Whether a cluster with these tags sleeps, or is on its way to or from it."""
    return f"{ASLEEP_TAG}1" in tags


def format_instant(instant: datetime) -> str:
    """An instant as tags carry it: UTC, whole seconds, ``2026-11-24T09:00:00Z``."""
    return instant.astimezone(UTC).strftime(_INSTANT)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        return None


def problem_with_cluster_name(name: str) -> str:
    """Why ACK would refuse ``name`` for a cluster; empty where it would not.

    CS API reference, CreateCluster: 1 to 63 letters, digits, Chinese characters and hyphens, the
    first not a hyphen.
    """
    if not name:
        return "a cluster needs a name"
    if len(name) > _NAME_LIMIT:
        return f"{len(name)} characters are too many: ACK takes at most {_NAME_LIMIT}"
    if name.startswith("-"):
        return "must not start with a hyphen"
    if not _CLUSTER_NAME.fullmatch(name):
        return "may hold letters, digits, Chinese characters and hyphens only"
    return ""


def problem_with_tag(key: str, value: str) -> str:
    """Why a user's tag cannot be set; empty where it can."""
    if not 0 < len(key) <= TAG_KEY_LIMIT:
        return f"the key has {len(key)} characters: 1 to {TAG_KEY_LIMIT} are taken"
    if len(value) > TAG_VALUE_LIMIT:
        return f"the value has {len(value)} characters: at most {TAG_VALUE_LIMIT} are taken"
    if key.startswith(TAG_PREFIX):
        return f"keys that start with {TAG_PREFIX} are ackgpu's own"
    texts = (key.lower(), value.lower())
    if any(text.startswith(_RESERVED_STARTS) for text in texts):
        return "must not start with aliyun or acs:, which the cloud keeps for itself"
    if any(scheme in text for text in texts for scheme in ("http://", "https://")):
        return "must not hold http:// or https://"
    return ""
