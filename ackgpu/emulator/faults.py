"""Faults: what makes the emulated cloud misbehave, chosen by a file.

A fault file is YAML or JSON::

    seed: 7                       # of the probabilities; 0 where absent
    faults:
      - effect: throttle          # on the wire: spoils single calls
        action: CreateVpc         # a glob over action names; every action where absent
        product: vpc              # every product where absent
        calls: [1, 3]             # which of the matching calls, from 1
        retry_after_ms: 1500
      - effect: lost_reply
        action: CreateNatGateway
        times: 1                  # the first so many that are hit
        probability: 0.5          # of each matching call; 1 where absent
      - effect: throttle          # flow control: hits what is over ``rate`` matching calls in a
        rate: 20                  # second of the emulated cloud
      - kind: stock_out           # in the cloud's domain: read by the products
        zone: cn-hangzhou-k

Effects (``acts``: whether the operation is carried out; a fault may say otherwise):

============  =====  ==========================================================================
throttle      no     refuses: ``code`` (Throttling.User), ``status`` (400), ``retry_after_ms``
error         no     refuses: ``code`` (ServiceUnavailable), ``status`` (503)
reset         no     closes the connection without an answer
html          no     answers 502 with a page of HTML, as a proxy in between would
error_in_ok   no     answers 200 with an error body: ``code`` (ServiceUnavailable), ``message``
lost_reply    yes    closes the connection after the operation was carried out
empty         yes    answers 200 with an empty body
truncated     yes    answers with the first half of the JSON
delay         yes    answers late
codeless      yes    a refusal arrives with its HTTP status in its code's place, as some clients
                     and gateways hand it on
lag           yes    a read sees the account as it was ``lag`` cloud seconds ago (10)
============  =====  ==========================================================================

Every effect may be given ``seconds``: real seconds that pass before the answer, or the end.
"""

from __future__ import annotations

import io
import json
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ackgpu.emulator import resource_faults
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.wire import HttpAnswer

ACTS = {
    "throttle": False,
    "error": False,
    "reset": False,
    "html": False,
    "error_in_ok": False,
    "lost_reply": True,
    "empty": True,
    "truncated": True,
    "delay": True,
    "codeless": True,
    "lag": True,
}
TYPES: dict[str, tuple[type, ...]] = {
    "action": (str,),
    "product": (str,),
    "calls": (int, list),
    "times": (int,),
    "probability": (int, float),
    "code": (str,),
    "message": (str,),
    "status": (int,),
    "retry_after_ms": (int,),
    "seconds": (int, float),
    "lag": (int, float),
    "rate": (int, float),
    "acts": (bool,),
}
BAD_REQUEST = 400
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class ConfigurationError(ValueError):
    """A fault or scenario file says something that the emulator does not know."""


@dataclass(frozen=True)
class Fault:
    """A fault on the wire; the module's docstring explains each field."""

    effect: str
    action: str = "*"
    product: str = "*"
    calls: tuple[int, ...] = ()
    times: int | None = None
    probability: float = 1.0
    code: str = ""
    message: str = "The service is not available for now."
    status: int = 0
    retry_after_ms: int | None = None
    seconds: float = 0.0
    lag: float = 10.0
    rate: float | None = None
    acts: bool = True

    @property
    def behind(self) -> float:
        """How many cloud seconds reads lag behind."""
        return self.lag if self.effect == "lag" else 0.0

    def refusal(self) -> ApiError | None:
        """The error that ``throttle`` and ``error`` answer with instead of acting."""
        if self.effect == "throttle":
            return ApiError(
                self.code or "Throttling.User",
                "Request was denied due to user flow control.",
                self.status or 400,
                retry_after_ms=self.retry_after_ms,
            )
        if self.effect == "error" and not self.acts:
            return ApiError(
                self.code or "ServiceUnavailable",
                self.message,
                self.status or 503,
                retry_after_ms=self.retry_after_ms,
            )
        return None

    def spoil(self, answer: HttpAnswer) -> HttpAnswer:
        """What becomes of the answer."""
        answer.delay += self.seconds
        if self.effect in {"reset", "lost_reply"}:
            answer.hang_up = True
        elif self.effect == "empty":
            answer.body = b""
        elif self.effect == "truncated":
            answer.body = answer.body[: len(answer.body) // 2]
        elif self.effect == "html":
            answer.status, answer.body = self.status or 502, PAGE
            answer.headers = {"Content-Type": "text/html"}
        elif self.effect in {"error_in_ok", "error"}:  # this error after the operation has acted
            answer.status = 200 if self.effect == "error_in_ok" else self.status or 503
            told = {"Code": self.code or "ServiceUnavailable", "Message": self.message}
            answer.body = json.dumps(told).encode()
        elif self.effect == "codeless" and answer.status >= BAD_REQUEST:
            answer.body = _without_code(answer)
        return answer


class Faults:
    """The faults in force, and how often each has been met. Domain faults are in ``domain``."""

    def __init__(self, description: Mapping[str, Any] | None = None) -> None:
        described = description or {}
        _refuse_unknown(described, {"seed", "faults"}, "the fault file")
        entries = [] if described.get("faults") is None else described["faults"]
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise ConfigurationError("faults: a list of mappings is expected")
        self.domain = [_domain(each) for each in entries if "kind" in each]
        self._rules = [_rule(each) for each in entries if "kind" not in each]
        self._met = [0] * len(self._rules)
        self._hit = [0] * len(self._rules)
        self._passed: list[deque[float]] = [deque() for _ in self._rules]
        self._rng = random.Random(described.get("seed", 0))  # noqa: S311 -- chance, no secret

    def choose(self, product: str, action: str, now: float) -> Fault | None:
        """The first fault that hits this call; every matching rule counts the call.

        ``now`` is the emulated second.
        """
        chosen: Fault | None = None
        for index, fault in enumerate(self._rules):
            if not (fnmatchcase(action, fault.action) and fnmatchcase(product, fault.product)):
                continue
            self._met[index] += 1
            if chosen is None and self._hits(index, fault, now):
                self._hit[index] += 1
                chosen = fault
        return chosen

    def _hits(self, index: int, fault: Fault, now: float) -> bool:
        if fault.calls and self._met[index] not in fault.calls:
            return False
        if fault.times is not None and self._hit[index] >= fault.times:
            return False
        if fault.rate is not None and self._within_rate(index, fault.rate, now):
            return False
        return fault.probability >= 1 or self._rng.random() < fault.probability

    def _within_rate(self, index: int, rate: float, now: float) -> bool:
        passed = self._passed[index]
        while passed and passed[0] <= now - 1:
            passed.popleft()
        if len(passed) >= rate:
            return False
        passed.append(now)
        return True


def read_file(path: Path) -> dict[str, Any]:
    """A YAML or JSON file that holds a mapping; :class:`ConfigurationError` where it does not."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(io.StringIO(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, YAMLError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path}: a mapping is expected")
    return value


def _without_code(answer: HttpAnswer) -> bytes:
    """The body of a refusal, its code replaced by the status; as it is where it is no JSON."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer.body
    for spelt in ("Code", "code"):
        if spelt in body:
            body[spelt] = str(answer.status)
    return json.dumps(body).encode()


def _domain(entry: dict[str, Any]) -> dict[str, Any]:
    complaint = resource_faults.complaint(entry)
    if complaint:
        raise ConfigurationError(complaint)
    return entry


def _rule(entry: dict[str, Any]) -> Fault:
    effect = entry.get("effect")
    if effect not in ACTS:
        raise ConfigurationError(f"a fault's effect is one of {', '.join(ACTS)}; not {effect!r}")
    _refuse_unknown(entry, {"effect", *TYPES}, f"the fault {effect}")
    values = {"acts": ACTS[effect], **entry}
    for name, kinds in TYPES.items():
        if name in values and not isinstance(values[name], kinds):
            raise ConfigurationError(f"the fault {effect}: {name} cannot be {values[name]!r}")
    calls = values.get("calls", ())
    values["calls"] = (calls,) if isinstance(calls, int) else tuple(calls)
    return Fault(**values)


def _refuse_unknown(given: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise ConfigurationError(f"{where}: unknown key {', '.join(sorted(unknown))}")
