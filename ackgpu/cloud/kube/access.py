"""What a context of a kubeconfig says, checked as kubectl checks it.

A field that is honoured by kubectl and dropped here would let ackgpu act with other rights, or
reach another server, than the file says. So each is honoured, or the file is refused. The rules
are client-go's (``tools/clientcmd``: ``validation.go``, ``client_config.go``).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ackgpu import flag
from ackgpu.cloud.kube import document as doc
from ackgpu.errors import LocalError
from ackgpu.small_file import MIB, read_small, why

PROXIES = ("http", "https", "socks5")
"""The schemes of ``proxy-url`` (kubeconfig v1 reference, Cluster)."""
Rows = Mapping[str, Any]


@dataclass(frozen=True)
class Access:
    """A server, how it is trusted and reached, and as whom.

    ``server`` is a URL without a slash at its end. ``authority`` is PEM text, empty for the
    machine's own authorities. ``impersonation`` are the headers of ``as`` and what goes with it.
    ``user`` and ``cluster`` are the kubeconfig's own, which a credential plugin is told of.
    """

    server: str
    authority: str = ""
    insecure: bool = False
    server_name: str = ""
    proxy: str = ""
    compressed: bool = True
    impersonation: tuple[tuple[str, str], ...] = ()
    user: Rows = field(default_factory=dict)
    cluster: Rows = field(default_factory=dict)

    @property
    def secure(self) -> bool:
        """Whether the server is spoken to over TLS; credentials are shown to no other."""
        return self.server.startswith("https://")


def access_of(document: doc.Document, context: str | None = None) -> Access:
    """How the current context, or ``context``, reaches its cluster.

    Raises LocalError where kubectl would refuse the file, and where it would ask for a password.
    """
    name = context or str(document.get("current-context") or "")
    # client-go refuses such a file when it reads it: which of two was meant nobody knows.
    for section in ("contexts", "clusters", "users"):
        _refuse_twins(document, section)
    inner = _context(document, name)
    cluster = _entry(document, "cluster", inner)
    user = _entry(document, "user", inner)
    if not cluster.get("server"):
        raise _unusable(
            f"the context {name!r} names no server",
            "Fetch the kubeconfig again, or repair its cluster.",
        )
    server = _server(cluster)
    access = Access(
        server=server,
        authority=_authority(cluster),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        server_name=str(cluster.get("tls-server-name") or ""),
        proxy=_proxy(cluster),
        compressed=not cluster.get("disable-compression"),
        impersonation=_impersonation(user),
        user=user,
        cluster=cluster,
    )
    _check_user(user, secure=access.secure)
    return access


def _unusable(
    why: str, resolution: str = f"Repair it, or give another {flag.KUBECONFIG}."
) -> LocalError:
    return LocalError(f"The kubeconfig cannot be used: {why}.", resolution=resolution)


def _refuse_twins(document: doc.Document, section: str) -> None:
    names = [str(row.get("name")) for row in document.get(section) or []]
    twin = next((name for name in names if names.count(name) > 1), None)
    if twin is not None:
        raise _unusable(f"its {section} have the name {twin!r} twice")


def _context(document: doc.Document, name: str) -> Rows:
    chosen = doc.found([document], "contexts", name) if name else []
    if chosen:
        inner: Rows = chosen[0].get("context") or {}
        return inner
    names = [str(row.get("name")) for row in document.get("contexts") or []]
    listed = (
        f"Give one with {flag.CONTEXT}: {', '.join(names)}." if names else "It has no contexts."
    )
    if name:
        raise LocalError(f"The kubeconfig has no context {name!r}.", resolution=listed)
    raise LocalError("The kubeconfig has no current context.", resolution=listed)


def _entry(document: doc.Document, kind: str, context: Rows) -> dict[str, Any]:
    """The cluster or user that a context names; an empty one where it names none."""
    name = context.get(kind)
    if name in {None, ""}:
        return {}
    rows = doc.found([document], f"{kind}s", name)
    if not rows:
        raise _unusable(f"its context names the {kind} {name!r}, which it does not have")
    return dict(rows[0].get(kind) or {})


def _server(cluster: Rows) -> str:
    """The server's URL; kubectl speaks without TLS where no scheme is given, CA or not."""
    given = str(cluster["server"])
    given = given if "://" in given else f"http://{given}"
    try:
        parts = urlsplit(given)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise _unusable(f"its server {given!r} is no URL of a server")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _proxy(cluster: Rows) -> str:
    url = str(cluster.get("proxy-url") or "")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PROXIES and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise _unusable(f"its proxy-url is not of the form {'|'.join(PROXIES)}://HOST[:PORT]")
    return url


def _authority(cluster: Rows) -> str:
    text = _pem(cluster, "certificate-authority")
    if text and cluster.get("insecure-skip-tls-verify"):
        raise _unusable("its cluster has an authority and insecure-skip-tls-verify, only one holds")
    return text


def _pem(row: Rows, key: str) -> str:
    """The PEM text of a field that is given as data or as a file; empty where it is not given."""
    data, path = row.get(f"{key}-data"), row.get(key)
    if data and path:
        raise _unusable(f"it has both {key}-data and {key}, only one holds")
    if data:
        try:
            return b64decode(str(data), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _unusable(f"its {key}-data is not base64 of PEM") from None
    # Read now: a file that is missing is told as the file's, not as a TLS error of the first call.
    return _read(key, str(path)) if path else ""


def _read(key: str, path: str) -> str:
    try:
        return read_small(Path(path), MIB, pipes=True).decode()
    except OSError as error:
        raise _unusable(f"its {key} {path} cannot be read: {why(error)}") from None
    except UnicodeDecodeError:
        raise _unusable(f"its {key} {path} is not text") from None


def certificate_of(user: Rows) -> tuple[str, str] | None:
    """The PEM text of a user's client certificate and of its key, or None without one."""
    certificate = _pem(user, "client-certificate")
    if not certificate:
        return None
    key = _pem(user, "client-key")
    if not key:
        raise _unusable("it has a client-certificate and no client-key")
    return certificate, key


def token_of(user: Rows) -> str:
    """The bearer token, read anew from ``tokenFile``, which wins; empty without one."""
    path = str(user.get("tokenFile") or "")
    token = str(user.get("token") or "")
    if not path:
        return token
    try:
        return _read("tokenFile", path).strip() or token
    except LocalError:
        if token:
            return token
        raise


def _check_user(user: Rows, *, secure: bool) -> None:
    basic = bool(user.get("username") or user.get("password"))
    if basic and user.get("token"):
        raise _unusable("its user has a token and a password, only one is allowed")
    if user.get("auth-provider"):
        raise _unusable(
            "its user has an auth-provider, which kubectl supports no more",
            "Have a credential plugin (exec) give the credentials.",
        )
    plugin = user.get("exec")
    if plugin is not None:
        _check_plugin(plugin)
    if not secure:
        return  # nothing of it is shown
    certificate_of(user)
    token_of(user)
    if not any(user.get(key) for key in _IDENTIFYING) and not basic:
        raise _unusable(
            "its user has no credentials, and kubectl would ask for a password",
            "Give it a client certificate, a token or a credential plugin.",
        )


_IDENTIFYING = ("client-certificate", "client-certificate-data", "token", "tokenFile", "exec")


def _check_plugin(plugin: Any) -> None:
    if not isinstance(plugin, Mapping):
        raise _unusable("its exec is no mapping")
    for key in ("command", "apiVersion"):
        if not plugin.get(key):
            raise _unusable(f"its exec has no {key}")
    env = plugin.get("env") or []
    if not _is_list(env) or not all(isinstance(row, Mapping) and row.get("name") for row in env):
        raise _unusable("its exec has an env without names")
    if not _is_list(plugin.get("args") or []):
        raise _unusable("its exec has args that are no list")
    mode = str(plugin.get("interactiveMode") or "")
    if not mode and not str(plugin["apiVersion"]).endswith("/v1beta1"):
        raise _unusable("its exec has no interactiveMode")
    # Calls are made in worker threads, behind a live display: nobody could answer there.
    if mode == "Always":
        raise _unusable(
            "its exec wants to ask something at each use (interactiveMode: Always)",
            "ackgpu runs it without a terminal: allow interactiveMode IfAvailable or Never.",
        )
    if mode not in {"", "Never", "IfAvailable"}:
        raise _unusable(f"its exec has the interactiveMode {mode!r}")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _impersonation(user: Rows) -> tuple[tuple[str, str], ...]:
    """The headers that have the server act as somebody else (Kubernetes, "Authenticating")."""
    whom = str(user.get("as") or "")
    uid, groups = str(user.get("as-uid") or ""), user.get("as-groups") or []
    extra = user.get("as-user-extra") or {}
    if not whom:
        if uid or groups or extra:
            raise _unusable("its user has as-uid, as-groups or as-user-extra without as")
        return ()
    if not _is_list(groups) or not isinstance(extra, Mapping):
        raise _unusable("its user's as-groups is no list, or as-user-extra no mapping")
    return (
        ("Impersonate-User", whom),
        *([("Impersonate-Uid", uid)] if uid else []),
        *(("Impersonate-Group", str(group)) for group in groups),
        *_extra(extra),
    )


def _extra(extra: Rows) -> Iterator[tuple[str, str]]:
    for key, values in extra.items():
        if not _is_list(values):
            raise _unusable(f"its user's as-user-extra {key} is no list")
        # What is no token character of a header's name is escaped, as client-go does.
        name = quote(str(key), safe="!#$&'*+-.^_`|~")
        yield from ((f"Impersonate-Extra-{name}", str(value)) for value in values)
