"""Genuine requests of ten client stacks are accepted; tampered ones are refused, and how."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from ackgpu.emulator.account import Key, root
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.signature import MOST_NONCES, Nonces, authenticate
from ackgpu.emulator.wire import WireRequest

FIXTURES = Path(__file__).parents[3] / "fixtures"
CAPTURES = sorted((FIXTURES / "wire").glob("*.json"))
VECTORS = json.loads((FIXTURES / "signatures" / "acs3.json").read_text())
ID, SECRET = "LTAI5tEmulatorKey000001", "EmulatorSecret0123456789abcdef"


def captured(path: Path) -> list[WireRequest]:
    return [
        WireRequest(
            row["method"],
            row["target"],
            tuple((name, value) for name, value in row["headers"]),
            base64.b64decode(row["body_b64"]),
        )
        for row in json.loads(path.read_text())["requests"]
    ]


EVERY = [request for path in CAPTURES for request in captured(path)]


def scheme(request: WireRequest) -> str:
    authorization = request.header("authorization")
    if authorization.startswith("ACS3"):
        return "acs3"
    return "roa" if authorization.startswith("acs ") else "rpc"


def date_of(request: WireRequest) -> datetime:
    text = request.header("x-acs-date") or request.parameters().get("Timestamp", "")
    return datetime.fromisoformat(text) if text else parsedate_to_datetime(request.header("date"))


def token_of(request: WireRequest) -> str:
    return request.header("x-acs-security-token") or request.parameters().get("SecurityToken", "")


def verdict(request: WireRequest, genuine: WireRequest, **overrides: Any) -> str:
    """The code that the request is refused with; ``accepted`` otherwise."""
    key = overrides.get("key", Key(SECRET, root(ID), token=token_of(genuine)))
    try:
        authenticate(
            request,
            lambda access_key_id: key if access_key_id == ID else None,
            wall=overrides.get("wall", date_of(genuine)),
            now=overrides.get("now", 0.0),
            nonces=overrides.get("nonces", Nonces()),
        )
    except ApiError as error:
        return error.code
    return "accepted"


def with_header(request: WireRequest, name: str, value: str) -> WireRequest:
    kept = tuple(pair for pair in request.headers if pair[0].lower() != name)
    return replace(request, headers=(*kept, (name, value)))


def with_query(request: WireRequest, pair: str) -> WireRequest:
    mark = "&" if "?" in request.target else "?"
    return replace(request, target=f"{request.target}{mark}{pair}")


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_captured_request_is_accepted(path: Path) -> None:
    requests = captured(path)
    assert requests
    assert [verdict(request, request) for request in requests] == ["accepted"] * len(requests)


def test_the_captures_are_all_there_and_of_every_scheme() -> None:
    assert len(EVERY) == 172
    assert {scheme(request) for request in EVERY} == {"acs3", "rpc", "roa"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_signature_vector_is_accepted(vector: dict[str, Any]) -> None:
    request = WireRequest(
        vector["method"],
        vector["target"],
        tuple(vector["headers"].items()),
        vector["body"].encode(),
    )
    key = Key(vector["access_key_secret"], root("x"), token=token_of(request))
    found = authenticate(request, lambda _: key, wall=date_of(request), now=0, nonces=Nonces())
    assert found is key


TAMPERS: dict[str, Callable[[WireRequest], WireRequest]] = {
    "another method": lambda r: replace(r, method="PATCH"),
    "another parameter": lambda r: with_query(r, "Tampered=1"),
    "another body": lambda r: replace(r, body=r.body + b"&Tampered=1"),
    "another path": lambda r: replace(r, target=r.target.replace(r.path, f"{r.path}x", 1)),
    "another host": lambda r: with_header(r, "host", "elsewhere.example"),
    "another acs header": lambda r: with_header(r, "x-acs-tampered", "1"),
    "another action header": lambda r: with_header(r, "x-acs-action", "AnotherAction"),
}
# What a scheme does not sign cannot be told: the path of RPC V1 is always "/".
UNSIGNED = {
    "rpc": {"another path", "another host", "another acs header", "another action header"},
    "roa": {"another host", "another body"},
    "acs3": set[str](),
}


@pytest.mark.parametrize("tamper", TAMPERS)
@pytest.mark.parametrize("name", ["acs3", "rpc", "roa"])
def test_what_a_scheme_signs_cannot_be_changed(name: str, tamper: str) -> None:
    genuine = [request for request in EVERY if scheme(request) == name]
    verdicts = {verdict(TAMPERS[tamper](request), request) for request in genuine}
    if tamper in UNSIGNED[name] and tamper != "another body":
        assert verdicts == {"accepted"}
    elif tamper == "another body" and name == "roa":
        assert verdicts == {"accepted", "ContentMD5NotMatched"}
    elif tamper == "another body" and name == "rpc":
        assert "accepted" not in {
            verdict(TAMPERS[tamper](request), request) for request in genuine if request.form
        }
    else:
        assert "accepted" not in verdicts


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_request_older_or_newer_than_fifteen_minutes_is_refused(minutes: int) -> None:
    verdicts = {
        verdict(request, request, wall=date_of(request) + timedelta(minutes=minutes))
        for request in EVERY
    }
    assert verdicts == {"InvalidTimeStamp.Expired"}


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_may_be_fourteen_minutes_off(minutes: int) -> None:
    verdicts = {
        verdict(request, request, wall=date_of(request) + timedelta(minutes=minutes))
        for request in EVERY
    }
    assert verdicts == {"accepted"}


def test_a_nonce_is_good_once_and_only_roa_may_do_without() -> None:
    replays: dict[str, list[str]] = {"acs3": [], "rpc": [], "roa": []}
    for request in EVERY:
        nonces = Nonces()
        assert verdict(request, request, nonces=nonces) == "accepted"
        replays[scheme(request)].append(verdict(request, request, nonces=nonces))
    assert set(replays["acs3"]) == set(replays["rpc"]) == {"SignatureNonceUsed"}
    assert set(replays["roa"]) == {"SignatureNonceUsed", "accepted"}


def test_a_server_that_is_asked_very_often_keeps_the_latest_nonces() -> None:
    nonces = Nonces()
    for number in range(MOST_NONCES + 1000):
        nonces.use(ID, str(number), 1000.0)
    assert len(nonces.seen) == MOST_NONCES
    with pytest.raises(ApiError, match="nonce"):
        nonces.use(ID, str(MOST_NONCES), 1000.0)


def test_a_nonce_is_forgotten_once_its_request_would_be_too_old() -> None:
    nonces = Nonces()
    nonces.use(ID, "n", 1000.0)
    nonces.use(ID, "m", 1000.0 + 1801)
    nonces.use(ID, "n", 1000.0 + 1801)
    assert len(nonces.seen) == 2


def test_an_unknown_key_is_not_found() -> None:
    request = EVERY[0]
    assert verdict(request, request, key=None) == "InvalidAccessKeyId.NotFound"


def test_a_wrong_secret_does_not_match() -> None:
    verdicts = {
        verdict(request, request, key=Key("wrong", root(ID), token=token_of(request)))
        for request in EVERY
    }
    assert verdicts == {"SignatureDoesNotMatch"}


def test_a_disabled_key_is_inactive() -> None:
    request = EVERY[0]
    key = Key(SECRET, root(ID), active=False, token=token_of(request))
    assert verdict(request, request, key=key) == "InvalidAccessKeyId.Inactive"


def test_a_temporary_key_needs_its_own_token() -> None:
    key = Key(SECRET, root(ID), token="another token")
    plain = [request for request in EVERY if not token_of(request)]
    temporary = [request for request in EVERY if token_of(request)]
    assert plain
    assert temporary
    assert {verdict(r, r, key=key) for r in plain} == {"MissingSecurityToken"}
    mismatch = {"InvalidSecurityToken.MismatchWithAccessKey"}
    assert {verdict(r, r, key=key) for r in temporary} == mismatch


def test_a_temporary_key_expires() -> None:
    request = next(request for request in EVERY if token_of(request))
    key = Key(SECRET, root(ID), token=token_of(request), expires=900.0)
    assert verdict(request, request, key=key, now=899.0) == "accepted"
    assert verdict(request, request, key=key, now=900.0) == "InvalidSecurityToken.Expired"


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Authorization", "ACS3-HMAC-SHA256 nonsense"),),
        (("Authorization", "acs nonsense"),),
        (("Authorization", "Basic bm86bm8="),),
    ],
)
def test_a_request_without_a_whole_signature_is_incomplete(
    headers: tuple[tuple[str, str], ...],
) -> None:
    request = WireRequest("GET", "/?Action=DescribeVpcs&Version=2016-04-28", headers)
    assert verdict(request, EVERY[0]) == "IncompleteSignature"


def test_a_date_that_is_none_is_not_well_formatted() -> None:
    genuine = next(request for request in EVERY if scheme(request) == "acs3")
    tampered = with_header(genuine, "x-acs-date", "yesterday")
    assert verdict(tampered, genuine) == "InvalidTimeStamp.Format"


def test_the_refusal_tells_the_string_that_was_signed() -> None:
    genuine = next(r for r in EVERY if scheme(r) == "rpc" and not token_of(r))
    with pytest.raises(ApiError, match=r"server string to sign is:(GET|POST)&%2F&"):
        authenticate(
            genuine,
            lambda _: Key("wrong", root(ID)),
            wall=date_of(genuine),
            now=0,
            nonces=Nonces(),
        )
