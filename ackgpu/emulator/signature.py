"""Who sent a request: the three signature schemes, verified as the gateway verifies them.

Order: the key exists and is active, its token fits, the signature matches, the date is within 15
minutes, the nonce is new. Codes: ECS API reference, common error codes, and texts seen in public
issues. UNCONFIRMED, since nobody has published them: the code for a request without a signature
(IncompleteSignature here), MissingSecurityToken, and the statuses of the token errors (400).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ackgpu.emulator.account import Key
from ackgpu.emulator.canonical import acs3_requests, digest, roa_string, rpc_string
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.wire import WireRequest

SKEW = 15 * 60.0
MOST_NONCES = 100_000
"""Ten MiB of them; at fifty-five requests a second they are those of half an hour."""
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
ACS3 = {"ACS3-HMAC-SHA256": "sha256", "ACS3-HMAC-SM3": "sm3"}
RPC_METHODS = {"": "sha1", "HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}

KeyFinder = Callable[[str], Key | None]


@dataclass(frozen=True)
class SignatureClaim:
    """What a request says of its sender, before any of it is believed.

    ``expected`` holds the signatures that the key's secret may give, ``string`` what was signed.
    """

    access_key_id: str
    token: str
    date: datetime
    nonce: str
    signature: str
    expected: Callable[[str], list[str]]
    string: str


@dataclass
class Nonces:
    """The nonces seen within the time in which a request stays valid. ``now`` in POSIX seconds.

    Of a server that is asked so often that they would be more than ``MOST_NONCES``, the latest.
    """

    seen: dict[int, float] = field(default_factory=dict)

    def use(self, access_key_id: str, nonce: str, now: float) -> None:
        """Refuse a nonce that was used, remember it otherwise."""
        mark = hash((access_key_id, nonce))  # a third of the memory that the texts take
        known = self.seen.get(mark)
        if known is not None and now - known <= 2 * SKEW:
            raise ApiError("SignatureNonceUsed", "Specified signature nonce was used already.")
        self.seen.pop(mark, None)
        self.seen[mark] = now
        while True:
            # In the order of their use, as a dictionary is: the oldest is always the first.
            oldest = next(iter(self.seen))
            if now - self.seen[oldest] <= 2 * SKEW and len(self.seen) <= MOST_NONCES:
                break
            del self.seen[oldest]


def authenticate(
    request: WireRequest, keys: KeyFinder, *, wall: datetime, now: float, nonces: Nonces
) -> Key:
    """The key that signed the request, or the gateway's refusal.

    ``wall`` is what dates are compared with, ``now`` (emulated seconds) what tokens expire by.
    """
    _check_content_md5(request)
    claim = _claim(request)
    key = keys(claim.access_key_id)
    if key is None:
        raise ApiError("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
    if not key.active:
        raise ApiError("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
    _check_token(claim, key, now)
    if not any(_same(claim.signature, text) for text in claim.expected(key.secret)):
        raise ApiError(
            "SignatureDoesNotMatch",
            "Specified signature is not matched with our calculation."
            f" server string to sign is:{claim.string}",
        )
    if abs((wall - claim.date).total_seconds()) > SKEW:
        raise ApiError("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
    if claim.nonce:
        nonces.use(claim.access_key_id, claim.nonce, wall.timestamp())
    return key


def _claim(request: WireRequest) -> SignatureClaim:
    authorization = request.header("authorization")
    if authorization.startswith("ACS3-"):
        return _acs3(request, authorization)
    if authorization.startswith("acs "):
        return _roa(request, authorization)
    parameters = request.parameters()
    if "AccessKeyId" in parameters or "Signature" in parameters:
        return _rpc(request, parameters)
    raise _incomplete("the request carries no signature")


def _acs3(request: WireRequest, authorization: str) -> SignatureClaim:
    scheme, _, rest = authorization.partition(" ")
    algorithm = ACS3.get(scheme)
    if algorithm is None or algorithm not in hashlib.algorithms_available:
        raise ApiError("InvalidSignatureMethod", f"The signature method {scheme} is not supported.")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    names = [name for name in parts.get("SignedHeaders", "").split(";") if name]
    if not (parts.get("Credential") and names and parts.get("Signature")):
        raise _incomplete("Credential, SignedHeaders and Signature are needed")
    # What is not signed could be changed on the way.
    unsigned = _to_be_signed(request) - set(names)
    if unsigned:
        raise _incomplete(f"these headers must be signed: {', '.join(sorted(unsigned))}")
    payload = digest(algorithm, request.body)
    # A signature covers the hash that the header claims; only this makes it cover the body.
    if request.header("x-acs-content-sha256") not in {"", payload}:
        raise ApiError("SignatureDoesNotMatch", "The body does not have the hash that was signed.")
    strings = [
        f"{scheme}\n{digest(algorithm, canonical.encode())}"
        for canonical in acs3_requests(request, names, payload)
    ]

    def expected(secret: str) -> list[str]:
        return [
            hmac.new(secret.encode(), string.encode(), algorithm).hexdigest() for string in strings
        ]

    return SignatureClaim(
        access_key_id=parts["Credential"],
        token=request.header("x-acs-security-token"),
        date=_iso_date(request.header("x-acs-date")),
        nonce=_needed_nonce(request.header("x-acs-signature-nonce")),
        signature=parts["Signature"],
        expected=expected,
        string=strings[0],
    )


def _to_be_signed(request: WireRequest) -> set[str]:
    needed = {name for name in request.header_names if name.startswith("x-acs-")} | {"host"}
    if request.body and request.header("content-type"):
        needed.add("content-type")
    return needed


def _rpc(request: WireRequest, parameters: dict[str, str]) -> SignatureClaim:
    method = parameters.get("SignatureMethod", "")
    algorithm = RPC_METHODS.get(method.upper())
    if algorithm is None:
        raise ApiError("InvalidSignatureMethod", f"The signature method {method} is not supported.")
    for name in ("AccessKeyId", "Signature", "Timestamp", "SignatureNonce"):
        if not parameters.get(name):
            raise _incomplete(f"the parameter {name} is needed")
    string = rpc_string(request)
    return SignatureClaim(
        access_key_id=parameters["AccessKeyId"],
        token=parameters.get("SecurityToken", ""),
        date=_iso_date(parameters["Timestamp"]),
        nonce=parameters["SignatureNonce"],
        signature=parameters["Signature"],
        # The ampersand is part of an RPC key (RPC signature mechanism).
        expected=lambda secret: [_base64_hmac(f"{secret}&", string, algorithm)],
        string=string,
    )


def _roa(request: WireRequest, authorization: str) -> SignatureClaim:
    access_key_id, colon, signature = authorization.removeprefix("acs ").rpartition(":")
    if not (access_key_id and colon and signature):
        raise _incomplete("the Authorization header must be 'acs <access key id>:<signature>'")
    string = roa_string(request)
    return SignatureClaim(
        access_key_id=access_key_id,
        token=request.header("x-acs-security-token"),
        date=_http_date(request.header("date")),
        nonce=request.header("x-acs-signature-nonce"),
        signature=signature,
        expected=lambda secret: [_base64_hmac(secret, string, "sha1")],
        string=string,
    )


def _check_token(claim: SignatureClaim, key: Key, now: float) -> None:
    if key.token and not claim.token:
        raise ApiError("MissingSecurityToken", "SecurityToken is mandatory for this action.")
    if not _same(claim.token, key.token):
        raise ApiError(
            "InvalidSecurityToken.MismatchWithAccessKey",
            "Specified SecurityToken mismatch with the AccessKey.",
        )
    if key.expires is not None and now >= key.expires:
        raise ApiError("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")


def _check_content_md5(request: WireRequest) -> None:
    claimed = request.header("content-md5")
    if not claimed:
        return
    actual = hashlib.md5(request.body, usedforsecurity=False).digest()
    try:
        same = base64.b64decode(claimed, validate=True) == actual
    except binascii.Error:
        same = False
    if not same:
        raise ApiError("ContentMD5NotMatched", "The Content-MD5 does not match the body.")


def _iso_date(text: str) -> datetime:
    if not ISO_DATE.fullmatch(text):  # fromisoformat takes other forms as well
        raise _bad_date()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _bad_date() from None


def _http_date(text: str) -> datetime:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        raise _bad_date() from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _bad_date() -> ApiError:
    return ApiError(
        "InvalidTimeStamp.Format", "Specified time stamp or date is not well formatted."
    )


def _needed_nonce(nonce: str) -> str:
    if not nonce:
        raise _incomplete("the header x-acs-signature-nonce is needed")
    return nonce


def _incomplete(why: str) -> ApiError:
    return ApiError(
        "IncompleteSignature",
        f"The request signature does not conform to Aliyun standards: {why}.",
    )


def _base64_hmac(key: str, string: str, algorithm: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), string.encode(), algorithm).digest()).decode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
