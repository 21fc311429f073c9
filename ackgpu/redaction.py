"""The secrets of this process, and the one place that takes them out of what is written.

This is the second line: no message is meant to hold a secret. Whoever reads a key, a token or a
password tells it here (:func:`learn`); every stream and every file that ackgpu writes, but for the
kubeconfig whose purpose is to hold one, passes through :func:`redacted`. What was never read, such
as the credentials inside an answer that could not be understood, is found by its form.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from functools import cache

MASK = "[redacted]"
_SHORTEST = 6
"""A shorter word would be found inside of others; no key, token or password is as short."""
_SECRET_VARIABLES = re.compile(
    r"(SECRET|TOKEN|PASSWORD|CREDENTIALS_URI)(?!.*_FILE)|ALICLOUD_SECRET_KEY", re.IGNORECASE
)
_OURS = ("ACKGPU_", "ALIBABA_CLOUD_", "ALICLOUD_", "ALIYUN_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_FORMS = r"""
    (?P<pem>-----BEGIN\ [A-Z ]*PRIVATE\ KEY-----).*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | (?P<url>\b[a-z][a-z0-9+.-]*://)[^\s/?\#@"']*:[^\s/?\#@"']*@
    | (?P<header>\b(?:Authorization|Proxy-Authorization|x-acs-security-token)\b["']?\s*[:=]\s*
        ["']?)(?:(?:Bearer|Basic|ACS3-HMAC-\w+|acs)\s*)?[^\s"']+
    | (?P<field>["']?\b(?:AccessKeySecret|SecurityToken|access_key_secret|sts_token|OIDCToken
        |access_token|refresh_token|client-key-data|login_password)\b["']?\s*[:=]\s*["']?)
        [^\s"',&}]+
"""
_HINTS = (
    "-----begin", "://", "authorization", "security-token", "securitytoken", "secret", "sts_token",
    "oidctoken", "access_token", "refresh_token", "client-key-data", "login_password",
)  # fmt: skip
"""In lower case, what each of the forms has in it."""

_lock = threading.Lock()
_known: set[str] = set()
_learned: set[str] = set()
"""What :func:`learn` was given: a key is handed over anew with each call that it signs."""


def learn(*secrets: object) -> None:
    """Remember values that must never be written; each in every form that a text may give it."""
    texts = {secret for secret in secrets if isinstance(secret, str)}
    with _lock:
        fresh = texts - _learned
    if not fresh:
        return
    forms = {form for secret in fresh for form in _forms_of(secret)}
    with _lock:
        _learned.update(fresh)
        # The pattern is compiled anew only for news: a key is learnt again with each call it signs.
        if not forms <= _known:
            _known.update(forms)
            _pattern.cache_clear()


def learn_environment(env: Mapping[str, str]) -> None:
    """Remember the secrets that the variables of ``env`` hold, a proxy's password among them."""
    for name, value in env.items():
        if name.startswith(_OURS) and _SECRET_VARIABLES.search(name):
            learn(value)
        elif name.lower() in _PROXIES:
            learn(_password_in(value))


def forget() -> None:
    """Forget every secret: the command that used them is over."""
    with _lock:
        _known.clear()
        _learned.clear()
        _pattern.cache_clear()


def redacted(text: str) -> str:
    """``text`` with every secret in it replaced by ``[redacted]``."""
    with _lock:
        pattern = _pattern()
    if pattern is not None:
        text = pattern.sub(MASK, text)
    lowered = text.lower()
    if not any(word in lowered for word in _HINTS):
        return text  # a long document costs a tenth of what the forms cost it
    return _by_form().sub(lambda found: f"{found.group(found.lastgroup or 0)}{MASK}", text)


_LOOSE = r"""
    (?P<field>\b[\w-]*(?:passw(?:or)?d|token|secret|api[_-]?key|credential)[\w-]*["']?
        (?:\s*[:=]\s*["']?|\s+(?=\S*\d)))[^\s"',&}]+
    | (?P<bootstrap>)\b[a-z0-9]{6}\.[a-z0-9]{16}\b
    | (?P<key>)\b(?:LTAI|STS\.)[A-Za-z0-9]{12,}\b
    | (?P<jwt>)\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*
    | (?P<hash>)\$(?:1|2[aby]?|5|6|y)\$[^\s:]{8,}
"""


def scrubbed(text: str) -> str:
    """``text`` of other programs, such as a console's, with what only may be a secret taken out.

    Whatever stands behind a word such as token or password goes, and so do bootstrap tokens of
    Kubernetes, access key ids, JWTs and password hashes. More is lost than need be: such texts are
    handed to strangers.
    """
    return _by_loose_form().sub(
        lambda hit: f"{hit.group(hit.lastgroup or 0)}{MASK}", redacted(text)
    )


@cache
def _by_loose_form() -> re.Pattern[str]:
    return re.compile(_LOOSE, re.VERBOSE | re.IGNORECASE)


@cache
def _by_form() -> re.Pattern[str]:
    return re.compile(_FORMS, re.VERBOSE | re.DOTALL | re.IGNORECASE)


@cache
def _pattern() -> re.Pattern[str] | None:
    """What finds the secrets that are known, the longest first: one may hold another."""
    if not _known:
        return None
    return re.compile("|".join(map(re.escape, sorted(_known, key=lambda form: -len(form)))))


def _forms_of(secret: str) -> Iterable[str]:
    """The secret's lines and blank-separated parts, as they are and as URLs and escapes have them.

    Messages join lines and break them: a token of several lines is known by each of them.
    """
    from urllib.parse import quote

    for part in {secret.strip(), *secret.split()}:
        # PEM's own first and last lines are no secret, and stand in public certificates as well.
        if len(part) >= _SHORTEST and not part.startswith("-----"):
            yield part
            yield quote(part, safe="")
            yield part.encode("unicode_escape").decode()


def _password_in(url: str) -> str:
    from urllib.parse import unquote, urlsplit

    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:  # half an IPv6 address
        return url
