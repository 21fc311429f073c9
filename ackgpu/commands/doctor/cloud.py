"""What ``doctor`` asks of the cloud: one read of each product, all at once, and the time.

Who does not answer within :data:`PATIENCE_SECONDS` counts as unreachable; nothing is waited for any
longer. The reads change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ackgpu.clock import SystemClock
from ackgpu.cloud.api import Cloud, Identity
from ackgpu.commands.doctor.diagnosis import Diagnosis, doubtful, ill, unknown, unused, well
from ackgpu.commands.emulated_account.account import standing
from ackgpu.commands.emulated_account.server import directory
from ackgpu.errors import (
    AccessDenied,
    AckGpuError,
    CloudError,
    CredentialsError,
    LocalError,
    Unauthenticated,
    Unavailable,
)
from ackgpu.session import Session

PATIENCE_SECONDS = 10.0
TIME_SECONDS = 5.0
ACCEPTED_SKEW_SECONDS = 15 * 60
"""How far a request's time may be off (ECS API reference, request signing)."""
WORTH_A_WORD_SECONDS = 60
_STS = "https://sts.aliyuncs.com"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def of_the_cloud(session: Session, env: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Everything, in the order in which it is shown."""
    try:
        cloud = session.cloud()
        described = _endpoints(env, cloud)
    except CredentialsError as error:
        yield ill("credentials", error)
        return
    except AckGpuError as error:
        yield ill("endpoints", error)
        return
    yield well("endpoints", described)
    results = at_once(session, {**_reads(cloud), "clock": lambda: skew(env)})
    yield _credentials(session, results["STS"])
    yield _clock(results["clock"])
    for product in _reads(cloud):
        yield _reached(product, results[product])


def _reads(cloud: Cloud) -> dict[str, Callable[[], Any]]:
    return {
        "STS": cloud.identity.whoami,
        "CS": cloud.containers.user_quota,
        "ECS": cloud.compute.regions,
        "VPC": cloud.network.nat_zones,
        "SLB": cloud.balancers.pay_as_you_go_count,
        "QUOTAS": lambda: cloud.quota_center.quotas("csk"),
    }


def at_once(
    session: Session, calls: Mapping[str, Callable[[], Any]], *, patience: float = PATIENCE_SECONDS
) -> dict[str, Any]:
    """What each call gave or raised; Unavailable for one that gave nothing in time."""
    clock = session.real_clock
    until = clock.now() + patience
    names = list(calls)
    results: dict[str, Any] = {}
    with session.workers_apart() as workers:
        for number, name in enumerate(names):
            workers.submit(number, calls[name])
        while len(results) < len(names) and (left := until - clock.now()) > 0:
            finished = workers.collect()
            results |= {names[n]: value if error is None else error for n, value, error in finished}
            if not finished:
                clock.sleep(left)
    late = Unavailable(
        f"No answer within {patience:.0f} s.",
        resolution="Check the network, the proxy settings and ACKGPU_ENDPOINT_URL.",
    )
    return {name: results.get(name, late) for name in names}


def skew(env: Mapping[str, str]) -> float:
    """Seconds that this machine's clock is ahead of the cloud's, by the Date of an answer of STS.

    Without credentials: any answer carries one. Raises OSError, or ValueError without a Date.
    """
    url = env.get("ACKGPU_ENDPOINT_STS") or env.get("ACKGPU_ENDPOINT_URL") or _STS
    direct = [ProxyHandler({})] if urlsplit(url).hostname in _LOOPBACK else []
    clock = SystemClock()
    asked = clock.now()
    request = Request(url, method="HEAD")  # noqa: S310 -- the scheme was checked with the endpoints
    try:
        with build_opener(*direct).open(request, timeout=TIME_SECONDS) as answer:
            date = answer.headers["Date"]
    except HTTPError as refusal:
        date = refusal.headers["Date"]
        refusal.close()
    there = parsedate_to_datetime(date or "")
    under_way = (clock.now() - asked) / 2
    return (clock.wall() - there.astimezone(UTC)).total_seconds() - under_way


def emulator(session: Session) -> Diagnosis:
    """What the embedded emulator keeps in the state directory."""
    name = "emulator"
    state = directory(session)
    if not state.exists():
        return unused(name, "no emulated account is kept")
    try:
        facts = standing(state)
    except LocalError as error:
        remedy = "`ackgpu emulator reset` empties it; else remove the directory."
        return doubtful(name, error.message, remedy)
    counted = [
        f"{number} {kind}"
        for kind, number in facts.items()
        if isinstance(number, int) and not isinstance(number, bool) and number > 0
    ]
    running = f"served at {facts['endpoint']}" if facts["running"] else "not served"
    return well(name, f"{running}; {', '.join(counted) or 'empty'}")


def _endpoints(env: Mapping[str, str], cloud: Cloud) -> str:
    named = {key: url for key, url in env.items() if key.startswith("ACKGPU_ENDPOINT_") and url}
    where = ", ".join(f"{key} {url}" for key, url in sorted(named.items()))
    kind = ", an emulator" if cloud.emulated else ""
    return f"{where or 'those of Alibaba Cloud'} for {cloud.region}{kind}"


def _credentials(session: Session, result: Identity | Exception) -> Diagnosis:
    name = "credentials"
    if isinstance(result, CredentialsError | Unauthenticated | AccessDenied):
        return ill(name, result)
    if isinstance(result, Identity):
        return well(name, f"{session.credentials}: {result.kind} {result.arn}".rstrip())
    return unknown(name, f"{session.credentials}; STS did not answer", "See the row STS.")


def _clock(result: float | Exception) -> Diagnosis:
    name = "clock"
    if isinstance(result, Exception):
        return unknown(name, f"the cloud's time could not be read: {result}", "See the row STS.")
    away = abs(result)
    message = f"{away:.0f} s {'ahead of' if result > 0 else 'behind'} the cloud's"
    remedy = "Set this machine's clock, or let NTP do it."
    if away > ACCEPTED_SKEW_SECONDS:
        why = f"This machine's clock is {message}, which refuses requests of another time."
        return ill(name, LocalError(why, resolution=remedy))
    return doubtful(name, message, remedy) if away > WORTH_A_WORD_SECONDS else well(name, message)


def _reached(product: str, result: Any) -> Diagnosis:
    if isinstance(result, AccessDenied):
        message = f"it answers, and RAM refuses {result.action}"
        return doubtful(product, message, result.resolution or "")
    if isinstance(result, Unauthenticated):
        return doubtful(product, "it answers, and refuses the credentials", "See credentials.")
    if isinstance(result, CredentialsError):
        return unused(product, "not asked without credentials")
    if isinstance(result, AckGpuError):
        return ill(product, result)
    if isinstance(result, Exception):
        return ill(product, CloudError(f"{product} gave an unexpected answer: {result}"))
    return well(product, "it answers")
