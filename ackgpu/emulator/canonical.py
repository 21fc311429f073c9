"""What each signature scheme signs: the canonical strings, built from a request as it arrived.

Clients encode the same value differently on the wire, so nothing here compares raw query text:
everything is decoded first and encoded again in the one way that the schemes prescribe (RFC 3986).
Sources: "V3 request body & signature mechanism", "RPC signature" and "ROA signature" of Alibaba
Cloud's API documentation, and captured requests (fixtures/wire).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from ackgpu.emulator.wire import Pairs, WireRequest


def percent(text: str) -> str:
    """RFC 3986 percent-encoding: only unreserved characters stay."""
    return quote(text, safe="-_.~")


def acs3_requests(
    request: WireRequest, signed_headers: Iterable[str], payload_hash: str
) -> Iterator[str]:
    """The canonical requests that an ACS3 signature may be over.

    Two, where parameter names need encoding: the scheme encodes them, the vendor's Python SDK
    signs them raw.
    """
    names = sorted(signed_headers)
    headers = "".join(f"{name}:{','.join(sorted(request.header_values(name)))}\n" for name in names)
    queries = dict.fromkeys((_query(request.query), _query_with_raw_names(request.query)))
    for query in queries:
        yield "\n".join(
            (request.method, request.path, query, headers, ";".join(names), payload_hash)
        )


def rpc_string(request: WireRequest) -> str:
    """The string to sign of RPC V1: every parameter but the signature, of query and form."""
    pairs = [pair for pair in (*request.query, *request.form) if pair[0] != "Signature"]
    return "&".join((request.method, percent("/"), percent(_query(pairs))))


def roa_string(request: WireRequest) -> str:
    """The string to sign of ROA V1: method, four headers, the acs headers, the resource."""
    lines = [request.method]
    lines += [request.header(name) for name in ("accept", "content-md5", "content-type", "date")]
    lines += [
        f"{name}:{','.join(request.header_values(name))}"
        for name in sorted(request.header_names)
        if name.startswith("x-acs-")
    ]
    resource = "&".join(
        f"{name}={value}" if value else name for name, value in sorted(request.query)
    )
    lines.append(f"{request.path}?{resource}" if resource else request.path)
    return "\n".join(lines)


def digest(algorithm: str, data: bytes) -> str:
    """A hash in hex: ``sha256`` or ``sm3``."""
    return hashlib.new(algorithm, data).hexdigest()


def _query(pairs: Pairs) -> str:
    encoded = sorted((percent(name), percent(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _query_with_raw_names(pairs: Pairs) -> str:
    return "&".join(f"{name}={percent(value)}" for name, value in sorted(pairs))
