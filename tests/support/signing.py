"""Signs requests as clients do, written apart from the emulator's verifier."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote, urlencode

from ackgpu.clock import SystemClock
from ackgpu.emulator.wire import WireRequest

KEY = ("LTAI5tEmulatorKey000001", "EmulatorSecret0123456789abcdef")
_nonces = itertools.count()


def _quote(text: str) -> str:
    return quote(text, safe="-_.~")


def _canonical(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{_quote(key)}={_quote(parameters[key])}" for key in sorted(parameters))


def new_nonce() -> str:
    return f"nonce-{next(_nonces)}-{id(_nonces)}"


def acs3(  # noqa: PLR0913 -- a record of a request
    action: str,
    version: str,
    parameters: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/",
    body: bytes = b"",
    content_type: str = "application/json; charset=utf-8",
    key: tuple[str, str] = KEY,
    token: str = "",
    host: str = "127.0.0.1:1",
    date: datetime | None = None,
    nonce: str | None = None,
) -> WireRequest:
    """A request with an ACS3-HMAC-SHA256 signature, dated with the real time unless told."""
    parameters = parameters or {}
    payload = hashlib.sha256(body).hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": (date or SystemClock().wall()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce or new_nonce(),
        "x-acs-content-sha256": payload,
    }
    if body:
        headers["content-type"] = content_type
    if token:
        headers |= {"x-acs-accesskey-id": key[0], "x-acs-security-token": token}
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = "\n".join((method, path, _canonical(parameters), lines, ";".join(names), payload))
    string = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key[1].encode(), string.encode(), "sha256").hexdigest()
    headers["Authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={key[0]},SignedHeaders={';'.join(names)},"
        f"Signature={signature}"
    )
    target = f"{path}?{urlencode(parameters)}" if parameters else path
    return WireRequest(method, target, tuple(headers.items()), body)


def rpc_v1(  # noqa: PLR0913 -- a record of a request
    action: str,
    version: str,
    parameters: Mapping[str, str] | None = None,
    *,
    form: bool = False,
    answer_format: str = "JSON",
    host: str = "127.0.0.1:1",
    date: datetime | None = None,
) -> WireRequest:
    """A request with a legacy RPC signature, its parameters in the query or in a form."""
    everything = {
        "Action": action,
        "Version": version,
        "AccessKeyId": KEY[0],
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": new_nonce(),
        "Timestamp": (date or SystemClock().wall()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **({"Format": answer_format} if answer_format else {}),
        **(parameters or {}),
    }
    method = "POST" if form else "GET"
    string = f"{method}&%2F&{_quote(_canonical(everything))}"
    digest = hmac.new(f"{KEY[1]}&".encode(), string.encode(), "sha1").digest()
    everything["Signature"] = base64.b64encode(digest).decode()
    headers = [("Host", host)]
    if form:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        return WireRequest("POST", "/", tuple(headers), urlencode(everything).encode())
    return WireRequest("GET", f"/?{urlencode(everything)}", tuple(headers))


def roa_v1(method: str, path: str, *, body: bytes = b"", host: str = "127.0.0.1:1") -> WireRequest:
    """A request with a legacy ROA signature and no x-acs-action, as the vendor's Go CLI sends."""
    date = format_datetime(SystemClock().wall().astimezone(UTC), usegmt=True)
    kind = "application/json" if body else ""
    md5 = (
        base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode() if body else ""
    )
    acs = {"x-acs-signature-nonce": new_nonce(), "x-acs-version": "2015-12-15"}
    lines = "".join(f"{name}:{acs[name]}\n" for name in sorted(acs))
    string = f"{method}\napplication/json\n{md5}\n{kind}\n{date}\n{lines}{path}"
    signature = base64.b64encode(hmac.new(KEY[1].encode(), string.encode(), "sha1").digest())
    headers = {
        "Host": host,
        "Accept": "application/json",
        "Date": date,
        **acs,
        **({"Content-Type": kind, "Content-MD5": md5} if body else {}),
        "Authorization": f"acs {KEY[0]}:{signature.decode()}",
    }
    return WireRequest(method, path, tuple(headers.items()), body)
