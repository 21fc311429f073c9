"""``extend``: let a cluster live longer, or hold it from ``gc`` altogether."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ackgpu import flag
from ackgpu.commands.cluster.lookup import not_found
from ackgpu.errors import ConflictError, UsageError
from ackgpu.inventory.owned import Holding, holdings, set_tags
from ackgpu.naming import EXPIRES_TAG, HOLD_TAG, TTL_TAG, format_instant
from ackgpu.render.results import Facts, Result
from ackgpu.session import Session
from ackgpu.spec import durations


@dataclass(frozen=True, kw_only=True)
class ExtendOptions:
    """The options of ``extend``. ``ttl``: ``+2h`` adds to what is left, ``2h`` is from now."""

    name: str
    ttl: str = ""
    hold: bool = False


def execute(options: ExtendOptions, session: Session) -> Result:
    """Set the tags on everything of the cluster."""
    if bool(options.ttl) == options.hold:
        raise UsageError(
            f"extend takes {flag.TTL} or {flag.HOLD}.", resolution=f"Such as: {flag.TTL} +2h."
        )
    seconds = _seconds(options.ttl)
    cloud = session.cloud()
    found = holdings(cloud, session.reading(), name=options.name)
    if not found:
        raise not_found(options.name, cloud.region)
    holding = found[0]
    if any(item.state == "deleting" for item in holding.items):
        raise ConflictError(f"{options.name} is being deleted: it cannot be extended any more.")
    expires = holding.expires if options.hold else _expiry(session, holding, options.ttl, seconds)
    tags = {HOLD_TAG: str(options.hold).lower()}
    if expires is not None and not options.hold:
        tags[EXPIRES_TAG] = format_instant(expires)
    if seconds and not options.ttl.startswith("+"):
        tags[TTL_TAG] = durations.format_seconds(seconds)  # what a file is to say from now on
    set_tags(cloud, holding.items, tags)
    return _result(options, holding, expires)


def _seconds(ttl: str) -> int:
    if not ttl:
        return 0
    try:
        seconds = durations.parse_bounded(ttl.removeprefix("+"))
    except ValueError as error:
        raise UsageError(f"{flag.TTL} {ttl}: {error}") from None
    if not seconds:
        raise UsageError(f"{flag.TTL} {ttl}: a lifetime is longer than nothing")
    return seconds


def _expiry(session: Session, holding: Holding, ttl: str, seconds: int) -> datetime:
    """From the present expiry on if that is requested and still ahead, else from now on."""
    left = 0.0
    if ttl.startswith("+"):
        more = ttl.removeprefix("+")
        if holding.expires is None:  # it lives on: "longer" must not make it end
            raise UsageError(
                f"{holding.name} has no expiry that could be put off.",
                resolution=f"`ackgpu extend {holding.name} {flag.TTL} {more}` gives it one.",
            )
        left = max(0.0, -session.clock.since(holding.expires))
    if left + seconds > durations.MAX_LIFETIME:
        longest = durations.format_seconds(durations.MAX_LIFETIME)
        raise UsageError(f"{flag.TTL} {ttl}: {holding.name} would live longer than {longest}")
    return session.clock.after(left + seconds)


def _result(options: ExtendOptions, holding: Holding, expires: datetime | None) -> Result:
    until = format_instant(expires) if expires and not options.hold else ""
    headline = f"{options.name} is held: gc leaves it alone"
    if not options.hold:
        headline = f"{options.name} lives until {until}"
    part = Facts(
        headline=headline,
        facts={
            "name": options.name,
            "region": holding.region,
            "expires": until,
            "held": options.hold,
            "tagged": len(holding.items),
        },
        done=True,
    )
    return Result(command="extend", part=part)
