"""What a kubeconfig says is done as kubectl does it, or the file is refused.

Each row changes a kubeconfig that works. ``seen`` is what reaches the server: the credentials, the
headers of impersonation, the way. A file that is refused reaches nothing. Where kubectl is
installed it is held against the same words.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.cloud.kube.client import connect
from ackgpu.cloud.kube.kubeconfig import read_text
from ackgpu.errors import AckGpuError, Transient
from tests.cloud.relays import Connect, Relay, Socks, relay
from tests.cloud.scripted_servers import Answering, Authority, http, new_authority

REFUSED, UNTRUSTED, UNREACHED, NO_CREDENTIAL = "refused", "untrusted", "unreached", "no credential"
NODES = json.dumps({"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": []})
VERSION = "/version?"
"""Asked first, whatever the kubeconfig says, by a kubectl that picks another one by the answer."""
FROM_THE_ROOT = {"a server below a path": "bearer t"}
"""What reaches the server of ``kubectl get --raw``, which takes its path from the server's root."""
KUBECTL = shutil.which("kubectl")


@dataclass
class Place:
    """A directory with a kubeconfig, an API server over TLS and another without, and proxies."""

    directory: Path
    authority: Authority
    other: Authority
    server: Answering
    plain: Answering
    proxies: dict[str, Relay]
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def cluster(self) -> dict[str, Any]:
        inner: dict[str, Any] = self.config["clusters"][0]["cluster"]
        return inner

    @property
    def user(self) -> dict[str, Any]:
        inner: dict[str, Any] = self.config["users"][0]["user"]
        return inner

    @property
    def context(self) -> dict[str, Any]:
        inner: dict[str, Any] = self.config["contexts"][0]["context"]
        return inner

    def file(self, name: str, text: str) -> str:
        """A file beside the kubeconfig; its name alone."""
        (self.directory / name).write_text(text)
        return name

    def plugin(self, status: dict[str, Any], answers: str = "", **more: Any) -> dict[str, Any]:
        """A credential plugin ``./plugin`` beside the kubeconfig; ``more`` changes its entry."""
        script = self.directory / "plugin"
        version = f'"client.authentication.k8s.io/{answers}"' if answers else 'info["apiVersion"]'
        script.write_text(
            f"#!{sys.executable}\nimport json, os\n"
            'info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])\n'
            f'print(json.dumps({{"apiVersion": {version}, "kind": "ExecCredential",'
            f' "status": {status!r}}}))\n'
        )
        script.chmod(0o755)
        entry = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "./plugin",
            "interactiveMode": "Never",
            **more,
        }
        return {key: value for key, value in entry.items() if value is not None}

    def seen(self) -> str:
        """What reached a server since it was last asked, in words; empty where nothing did."""
        words: list[str] = []
        for server in (self.server, self.plain):
            for request in [r for r in server.requests if VERSION not in r][:1]:
                words = [
                    *_told(request, self.peer(server)),
                    *(["plainly"] * (server is self.plain)),
                ]
            server.requests.clear()
            server.peers.clear()
        for name, proxy in self.proxies.items():
            words += [f"through {name}"] if proxy.asked and words else []
            proxy.asked.clear()
        return ", ".join(words)

    @staticmethod
    def peer(server: Answering) -> str:
        return next((name for name in server.peers if name), "")


def _header(row: str) -> tuple[str, str]:
    name, _, value = row.partition(": ")
    return name.lower(), value


def _told(request: str, peer: str) -> Iterator[str]:
    line, *rest = request.partition("\r\n\r\n")[0].split("\r\n")
    headers = sorted(_header(row) for row in rest)
    yield from (f"certificate {peer}" for _ in range(bool(peer)))
    for name, value in headers:
        if name == "authorization":
            kind, _, secret = value.partition(" ")
            shown = base64.b64decode(secret).decode() if kind == "Basic" else secret
            yield f"{kind.lower()} {shown}"
        elif name.startswith("impersonate-"):
            yield f"{name.removeprefix('impersonate-')} {value}"
    if ("accept-encoding", "gzip") not in headers:
        yield "uncompressed"
    path = line.split()[1].partition("?")[0]
    if path != "/api/v1/nodes":
        yield path


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The servers and proxies, for all rows."""
    directory = tmp_path_factory.mktemp("kubeconfigs")
    (directory / "ca").mkdir()
    (directory / "other").mkdir()
    authority, other = new_authority(directory / "ca"), new_authority(directory / "other")
    server = Answering([http("200 OK", NODES)], authority.server(asks=True))
    plain = Answering([http("200 OK", NODES)])
    with ExitStack() as stack:
        for each in (server, plain):
            each.start()
            stack.callback(each.stop)
        proxies = {
            "http": stack.enter_context(relay(Connect)),
            "https": stack.enter_context(relay(Connect, authority.server())),
            "socks5": stack.enter_context(relay(Socks)),
        }
        yield Place(directory, authority, other, server, plain, proxies)


@pytest.fixture
def place(standing: Place) -> Place:
    """The same with a kubeconfig that works: an authority and a token."""
    data = base64.b64encode(Path(standing.authority.file).read_bytes()).decode()
    standing.config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "x",
        "clusters": [
            {"name": "c", "cluster": {"server": standing.server.url,
                                      "certificate-authority-data": data}},
        ],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    standing.seen()
    return standing


def base64_of(path: str) -> str:
    return base64.b64encode(Path(path).read_bytes()).decode()


def certificate(place: Place, name: str = "admin") -> dict[str, str]:
    """A client certificate as data."""
    pem, key = place.authority.issue(name)
    return {"client-certificate-data": base64_of(pem), "client-key-data": base64_of(key)}


def certificate_files(place: Place) -> dict[str, str]:
    """A client certificate as files beside the kubeconfig."""
    pem, key = place.authority.issue("admin")
    return {
        "client-certificate": place.file("admin.crt", Path(pem).read_text()),
        "client-key": place.file("admin.key", Path(key).read_text()),
    }


Change = Callable[[Place], Any]


def user(**fields: Any) -> Change:
    """The user has these fields alone, but for what a function gives of the place."""
    return lambda place: _replace(place.user, fields)


def user_with(make: Callable[[Place], dict[str, Any]], **fields: Any) -> Change:
    """The user has what ``make`` gives."""
    return lambda place: _replace(place.user, {**make(place), **fields})


def cluster(**fields: Any) -> Change:
    """The cluster has these fields beside its own; None takes one away."""
    return lambda place: _lay(place.cluster, fields)


def cluster_with(make: Callable[[Place], dict[str, Any]], **fields: Any) -> Change:
    """The cluster has what ``make`` gives beside its own."""
    return lambda place: _lay(place.cluster, {**make(place), **fields})


def whole(change: Callable[[Place], Any]) -> Change:
    """The document itself is changed."""
    return change


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    return {key if "File" in key else key.replace("_", "-").strip("-"): value
            for key, value in fields.items()}  # fmt: skip


def _replace(row: dict[str, Any], fields: dict[str, Any]) -> None:
    row.clear()
    row.update(_named(fields))


def _lay(row: dict[str, Any], fields: dict[str, Any]) -> None:
    row.update(_named(fields))
    for key in [key for key, value in row.items() if value is None]:
        del row[key]


NO_CA = {"certificate_authority_data": None}
FRESH = {"token": "fresh"}


def exec_(**more: Any) -> Change:
    return user_with(lambda place: {"exec": place.plugin(FRESH, **more)})


ROWS: dict[str, tuple[Change, str]] = {
    # tokens and passwords
    "a token": (user(token="t"), "bearer t"),
    "a token file": (
        lambda p: _replace(p.user, {"tokenFile": str(p.directory / p.file("token", "filed\n"))}),
        "bearer filed",
    ),
    "a relative token file": (
        user_with(lambda p: {"tokenFile": p.file("token", "filed\n")}), "bearer filed",
    ),
    "a token and a token file": (
        user_with(lambda p: {"tokenFile": p.file("token", "filed")}, token="t"), "bearer filed",
    ),
    "an absent token file": (user(tokenFile="nowhere"), REFUSED),
    "a password": (user(username="me", password="pw"), "basic me:pw"),
    "a name without a password": (user(username="me"), "basic me:"),
    "a token and a password": (user(token="t", username="me", password="pw"), REFUSED),
    # client certificates
    "a certificate": (user_with(certificate), "certificate admin"),
    "relative certificate files": (user_with(certificate_files), "certificate admin"),
    "a certificate and a token": (user_with(certificate, token="t"), "certificate admin, bearer t"),
    "a certificate without its key": (
        user_with(lambda p: {**certificate(p), "client-key-data": ""}), REFUSED,
    ),
    "a certificate as data and as a file": (
        user_with(lambda p: {**certificate(p), **certificate_files(p)}), REFUSED,
    ),
    "an absent certificate file": (
        user(client_certificate="nowhere.crt", client_key="nowhere.key"), REFUSED,
    ),
    "a certificate that is none": (
        user(client_certificate_data="bm9uZQ==", client_key_data="bm9uZQ=="), REFUSED,
    ),
    "the key of another certificate": (
        user_with(lambda p: {**certificate(p), "client-key-data":
                             certificate(p, "somebody")["client-key-data"]}), REFUSED,
    ),
    # credential plugins
    "a plugin relative to the file": (exec_(), "bearer fresh"),
    "a plugin by its path": (
        lambda p: _replace(p.user, {"exec": {**p.plugin(FRESH),
                                             "command": str(p.directory / "plugin")}}),
        "bearer fresh",
    ),
    "a plugin of v1beta1 that does not say how it asks": (
        exec_(apiVersion="client.authentication.k8s.io/v1beta1", interactiveMode=None),
        "bearer fresh",
    ),
    "a plugin of v1 that does not say how it asks": (exec_(interactiveMode=None), REFUSED),
    "a plugin that always asks": (exec_(interactiveMode="Always"), REFUSED),
    "a plugin that asks in a way of its own": (exec_(interactiveMode="Sometimes"), REFUSED),
    "a plugin without a command": (exec_(command=None), REFUSED),
    "a plugin without a version": (exec_(apiVersion=None), REFUSED),
    "a plugin of an old version": (
        exec_(apiVersion="client.authentication.k8s.io/v1alpha1"), NO_CREDENTIAL,
    ),
    "a plugin that answers in another version": (
        user_with(lambda p: {"exec": p.plugin(FRESH, "v1beta1")}), NO_CREDENTIAL,
    ),
    "a plugin that is not there": (exec_(command="./nowhere"), NO_CREDENTIAL),
    "a plugin beside a token": (
        user_with(lambda p: {"exec": p.plugin(FRESH)}, token="t"), "bearer t",
    ),
    "a plugin that answers a certificate": (
        lambda p: _replace(p.user, {"exec": p.plugin({
            "clientCertificateData": Path(p.authority.issue("admin")[0]).read_text(),
            "clientKeyData": (p.authority.directory / "admin.key").read_text(),
        })}),
        "certificate admin",
    ),
    "an auth-provider": (user(auth_provider={"name": "gcp"}), REFUSED),
    # impersonation
    "as somebody": (user(token="t", _as="nobody"), "bearer t, user nobody"),
    "as somebody of groups": (
        user(token="t", _as="nobody", as_groups=["a", "b"], as_uid="7",
             as_user_extra={"example.com/why": ["test"]}),
        "bearer t, extra-example.com%2fwhy test, group a, group b, uid 7, user nobody",
    ),
    "groups of nobody": (user(token="t", as_groups=["a"]), REFUSED),
    "a uid of nobody": (user(token="t", as_uid="7"), REFUSED),
    # which user, cluster and context
    "a user that is not there": (whole(lambda p: p.context.update(user="absent")), REFUSED),
    "a context without a user": (whole(lambda p: p.context.pop("user")), REFUSED),
    "a user without credentials": (user(), REFUSED),
    "a cluster that is not there": (whole(lambda p: p.context.update(cluster="absent")), REFUSED),
    "no current context": (whole(lambda p: p.config.pop("current-context")), REFUSED),
    "a current context that is not there": (
        whole(lambda p: p.config.update({"current-context": "absent"})), REFUSED,
    ),
    "a name twice": (
        whole(lambda p: p.config["users"].append({"name": "u", "user": {"token": "z"}})), REFUSED,
    ),
    "fields that nobody knows": (cluster(colour="blue"), "bearer t"),
    # the server
    "no server": (cluster(server=""), REFUSED),
    "a server without a scheme is spoken to without TLS": (
        lambda p: p.cluster.update(server=f"127.0.0.1:{p.plain.port}"), "plainly",
    ),
    "a server below a path": (
        lambda p: p.cluster.update(server=f"{p.server.url}/k8s/clusters/c-1/"),
        "bearer t, /k8s/clusters/c-1/api/v1/nodes",
    ),
    "a server without TLS sees no token": (
        cluster_with(lambda p: {"server": p.plain.url}), "plainly",
    ),
    "a server without TLS sees who is impersonated": (
        lambda p: (p.cluster.update(server=p.plain.url), p.user.update({"as": "nobody"})),
        "user nobody, plainly",
    ),
    "a server that is no URL": (cluster(server="https://"), REFUSED),
    "without compression": (cluster(disable_compression=True), "bearer t, uncompressed"),
    # whom to trust
    "a relative authority": (
        cluster_with(lambda p: {"certificate_authority":
                                p.file("ca.crt", Path(p.authority.file).read_text())}, **NO_CA),
        "bearer t",
    ),
    "an authority as data and as a file": (
        cluster_with(lambda p: {"certificate_authority": p.authority.file}), REFUSED,
    ),
    "an absent authority": (cluster(certificate_authority="nowhere.crt", **NO_CA), REFUSED),
    "an authority that is not base64": (cluster(certificate_authority_data="?"), REFUSED),
    "an authority that is no certificate": (
        cluster(certificate_authority_data="bm9uZQ=="), REFUSED,
    ),
    "another authority": (
        cluster_with(lambda p: {"certificate_authority_data": base64_of(p.other.file)}), UNTRUSTED,
    ),
    "the machine's authorities": (cluster(**NO_CA), UNTRUSTED),
    "without verification": (cluster(insecure_skip_tls_verify=True, **NO_CA), "bearer t"),
    "an authority and without verification": (cluster(insecure_skip_tls_verify=True), REFUSED),
    "the name of the server": (cluster(tls_server_name="127.0.0.1"), "bearer t"),
    "another name of the server": (cluster(tls_server_name="other.test"), UNTRUSTED),
    "another name without verification": (
        cluster(tls_server_name="other.test", insecure_skip_tls_verify=True, **NO_CA), "bearer t",
    ),
    # the way
    "a proxy": (cluster_with(lambda p: {"proxy_url": url_of(p, "http")}), "bearer t, through http"),
    "a proxy over TLS": (
        cluster_with(lambda p: {"proxy_url": url_of(p, "https")}), "bearer t, through https",
    ),
    "a SOCKS proxy": (
        cluster_with(lambda p: {"proxy_url": url_of(p, "socks5")}), "bearer t, through socks5",
    ),
    "a proxy that is down": (cluster(proxy_url="http://127.0.0.1:1"), UNREACHED),
    "a SOCKS proxy that is down": (cluster(proxy_url="socks5://127.0.0.1:1"), UNREACHED),
    "a proxy of another kind": (cluster(proxy_url="ftp://127.0.0.1:1"), REFUSED),
}  # fmt: skip


def url_of(place: Place, kind: str) -> str:
    return f"{kind}://127.0.0.1:{place.proxies[kind].port}"


def written(place: Place, row: str) -> Path:
    ROWS[row][0](place)
    path = place.directory / "kubeconfig"
    path.write_text(json.dumps(place.config))
    return path


def ours(path: Path) -> str:
    """How ackgpu fails; empty where it does not."""
    try:
        connect(read_text(path), clock=ManualClock()).nodes()
    except Transient:
        return UNREACHED
    except AckGpuError as error:
        return {2: REFUSED, 4: NO_CREDENTIAL, 11: UNTRUSTED}[error.exits_with]
    return ""


@pytest.mark.parametrize("row", ROWS)
def test_a_kubeconfig_is_taken_at_its_word_or_refused(place: Place, row: str) -> None:
    failure = ours(written(place, row))
    assert failure or place.seen() == ROWS[row][1]
    assert (failure or ROWS[row][1]) == ROWS[row][1]
    assert place.seen() == ""


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is missing: ackgpu was not compared with it")
@pytest.mark.parametrize("row", ROWS)
def test_kubectl_does_the_same(place: Place, row: str) -> None:
    path = written(place, row)
    done = subprocess.run(
        ["kubectl", f"--kubeconfig={path}", "get", "--raw", "/api/v1/nodes"],
        env={"PATH": os.environ["PATH"], "HOME": str(place.directory)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    fails = ROWS[row][1] in {REFUSED, UNTRUSTED, UNREACHED, NO_CREDENTIAL}
    assert (done.returncode != 0) == fails, done.stderr
    assert place.seen() == ("" if fails else FROM_THE_ROOT.get(row, ROWS[row][1]))


def test_there_are_at_least_forty_kubeconfigs() -> None:
    assert len(ROWS) >= 40
