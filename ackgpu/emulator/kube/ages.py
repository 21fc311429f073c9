"""Ages as kubectl shows them (apimachinery, ``HumanDuration``)."""

from __future__ import annotations

from datetime import UTC, datetime

from ackgpu.emulator.kube.objects import Obj


def age(obj: Obj, now: datetime) -> str:
    """How long ago an object was made."""
    stamp = obj["metadata"].get("creationTimestamp")
    return since(stamp, now) if stamp else "<unknown>"


def since(stamp: str, now: datetime) -> str:
    """The time since an RFC 3339 stamp, in kubectl's short form."""
    then = datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return short(max(0, int((now - then).total_seconds())))


def short(seconds: int) -> str:
    """A duration in kubectl's short form: ``90s``, ``5m12s``, ``3h5m``, ``2d``."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    forms = (
        (120, f"{seconds}s"),
        (600, f"{minutes}m{_rest(seconds % 60, 's')}"),
        (10800, f"{minutes}m"),
        (28800, f"{hours}h{_rest(minutes % 60, 'm')}"),
        (172800, f"{hours}h"),
        (691200, f"{days}d{_rest(hours % 24, 'h')}"),
    )
    return next((text for limit, text in forms if seconds < limit), f"{days}d")


def _rest(number: int, unit: str) -> str:
    return f"{number}{unit}" if number else ""
