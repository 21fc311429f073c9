from __future__ import annotations

import base64
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ackgpu import errors
from ackgpu.clock import ManualClock
from ackgpu.cloud.kube import document
from ackgpu.cloud.kube.answers import MAX_ANSWER
from ackgpu.cloud.kube.client import KubeClient, connect
from tests.cloud.scripted_servers import RESET, Answer, Authority, http

NODE_INFO = (
    "architecture",
    "bootID",
    "containerRuntimeVersion",
    "kernelVersion",
    "kubeProxyVersion",
    "machineID",
    "operatingSystem",
    "osImage",
    "systemUUID",
)


NOWHERE = "https://127.0.0.1:1"
"""Where no server listens; a plugin is run all the same."""


def kubeconfig(server: str, user: dict[str, Any] | None = None, **cluster: Any) -> str:
    single = document.single("c", {}, {"server": server, **cluster}, user or {"token": "t"})
    return document.dump(single)


def client(server: str, user: dict[str, Any] | None = None, **cluster: Any) -> KubeClient:
    return connect(kubeconfig(server, user, **cluster), clock=ManualClock())


def trusting(authority: Authority) -> dict[str, Any]:
    """What a kubeconfig's cluster says to trust the authority."""
    return {"certificate-authority": authority.file}


def node(name: str, **changes: Any) -> dict[str, Any]:
    status = {
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        "capacity": {"nvidia.com/gpu": "1"},
        "allocatable": {"nvidia.com/gpu": "1", "cpu": "3900m"},
        "nodeInfo": dict.fromkeys(NODE_INFO, "x") | {"kubeletVersion": "v1.34.10-aliyun.1"},
        **changes,
    }
    return {"metadata": {"name": name, "labels": {"l": name}}, "spec": {}, "status": status}


def page(*names: str, token: str = "") -> bytes:
    metadata = {"resourceVersion": "7", **({"continue": token} if token else {})}
    body = {
        "kind": "NodeList",
        "apiVersion": "v1",
        "metadata": metadata,
        "items": [node(name) for name in names],
    }
    return http("200 OK", json.dumps(body))


def status(code: int, reason: str, message: str) -> bytes:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    return http(f"{code} {reason}", json.dumps(body))


GONE = status(410, "Expired", "The provided continue parameter is too old")


def test_nodes_are_read_page_by_page(answering: Answer, authority: Authority) -> None:
    server = answering(page("a", "b", token="next"), page("c"), tls=authority.server())
    found = client(server.url, **trusting(authority)).nodes()
    assert [row.name for row in found] == ["a", "b", "c"]
    assert found[0].ready
    assert found[0].labels == {"l": "a"}
    assert found[0].allocatable["nvidia.com/gpu"] == "1"
    assert "limit=250" in server.requests[0]
    assert "continue=next" in server.requests[1]
    assert "Authorization: Bearer t" in server.requests[0]


def test_an_expired_token_starts_again_and_counts_no_node_twice(answering: Answer) -> None:
    server = answering(page("a", token="x"), GONE, page("a", token="y"), page("b"))
    assert [row.name for row in client(server.url).nodes()] == ["a", "b"]


def test_a_list_that_expires_for_ever_is_read_at_once(answering: Answer) -> None:
    server = answering(*[page("a", token="x"), GONE] * 3, page("a", "b"))
    assert [row.name for row in client(server.url).nodes()] == ["a", "b"]
    assert "limit" not in server.requests[-1]


@pytest.mark.parametrize(
    "answers",
    [
        [page("a", token="x"), page("b", token="x")],
        [page("a", token="x"), page("a", token="y")],
        [page("a", token="x"), page(token="y"), page(token="x")],
        [page(str(number), token=f"t{number}") for number in range(300)],
    ],
    ids=["the token repeats", "the page repeats", "the tokens go round", "ever more pages"],
)
def test_a_list_without_an_end_is_an_error(answering: Answer, answers: list[bytes]) -> None:
    server = answering(*answers)
    with pytest.raises(errors.CloudError, match="has no end") as caught:
        client(server.url).nodes()
    assert server.url in caught.value.message
    assert type(caught.value) is errors.CloudError  # to ask again is of no use
    assert len(server.requests) <= len(answers)


def test_a_page_may_be_empty_where_more_follow(answering: Answer) -> None:
    server = answering(page("a", token="x"), page(token="y"), page("b"))
    assert [row.name for row in client(server.url).nodes()] == ["a", "b"]


def test_a_node_that_is_not_ready_says_why(answering: Answer) -> None:
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "KubeletNotReady",
        "message": "cni plugin not initialized",
    }
    broken = node("a", conditions=[condition])
    broken["spec"] = {"unschedulable": True}
    body = {"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": [broken]}
    found = client(answering(http("200 OK", json.dumps(body))).url).nodes()[0]
    assert not found.ready
    assert found.unschedulable
    assert found.not_ready_reason == "KubeletNotReady: cni plugin not initialized"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(401, "Unauthorized", "Unauthorized"), errors.Unauthenticated),
        (status(403, "Forbidden", 'nodes is forbidden: User "u"'), errors.AccessDenied),
        (status(404, "NotFound", "no"), errors.CloudError),
        (status(503, "ServiceUnavailable", "starting"), errors.Unavailable),
        (http("200 OK", "<html>", content_type="text/html"), errors.CloudError),
        (http("502 Bad Gateway", "<html>", content_type="text/html"), errors.Unavailable),
        (RESET, errors.Unavailable),
    ],
    ids=["401", "403", "404", "503", "page", "502 page", "reset"],
)
def test_refusals_are_ackgpus_own_errors(
    answering: Answer, answer: bytes, expected: type[errors.CloudError]
) -> None:
    server = answering(answer)
    with pytest.raises(errors.CloudError) as caught:
        client(server.url).nodes()
    assert type(caught.value) is expected
    assert server.url in caught.value.message
    assert "\n" not in caught.value.message


def test_an_api_server_that_restarts_is_asked_again(answering: Answer) -> None:
    server = answering(RESET, status(503, "ServiceUnavailable", "x"), page("a"))
    assert [row.name for row in client(server.url).nodes()] == ["a"]


@pytest.mark.long
def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    with pytest.raises(errors.Unavailable, match=r"127\.0\.0\.1:1 cannot be reached"):
        client("http://127.0.0.1:1").nodes()


def test_a_redirect_is_named_and_not_followed(answering: Answer) -> None:
    thief = answering(page("a"))
    moved = http("302 Found", "", f"Location: {thief.url}/login?t=hidden")
    with pytest.raises(errors.CloudError) as caught:
        client(answering(moved).url).nodes()
    assert f"a redirect to {thief.url[7:]} (HTTP 302)" in caught.value.message
    assert "hidden" not in caught.value.message
    assert thief.requests == []


@pytest.mark.parametrize("cluster", [{}, {"server": None}, {"server": ""}])
def test_a_kubeconfig_without_a_server_is_refused(cluster: dict[str, Any]) -> None:
    text = document.dump(document.single("c", {}, cluster, {"token": "t"}))
    with pytest.raises(errors.LocalError, match="'c' names no server"):
        connect(text, clock=ManualClock())


def test_a_client_certificate_of_the_kubeconfig_is_shown(
    answering: Answer, authority: Authority
) -> None:
    server = answering(page("a"), tls=authority.server(client_auth=True))
    certificate, key = (Path(file).read_bytes() for file in authority.issue("admin"))
    user = {
        "client-certificate-data": base64.b64encode(certificate).decode(),
        "client-key-data": base64.b64encode(key).decode(),
    }
    authority_data = base64.b64encode(Path(authority.file).read_bytes()).decode()
    trusted = {"certificate-authority-data": authority_data}
    assert len(client(server.url, user, **trusted).nodes()) == 1


def test_a_server_of_another_authority_is_refused(answering: Answer, authority: Authority) -> None:
    server = answering(page("a"), tls=authority.server())
    with pytest.raises(errors.CloudError, match="does not trust") as caught:
        client(server.url).nodes()
    assert not isinstance(caught.value, errors.Transient)


def plugin(tmp_path: Path, answer: str, *, version: str = "v1", code: int = 0) -> dict[str, Any]:
    script = tmp_path / "plugin.py"
    asked = str(tmp_path / "asked")
    script.write_text(
        "import os, sys\n"
        "info = os.environ['KUBERNETES_EXEC_INFO']\n"
        f"open({asked!r}, 'a').write(info + '\\n')\n"
        "print('trouble ' + os.environ.get('HINT', ''), file=sys.stderr)\n"
        f"print({answer!r})\n"
        f"sys.exit({code})\n"
    )
    return {
        "exec": {
            "apiVersion": f"client.authentication.k8s.io/{version}",
            "command": sys.executable,
            "args": [str(script)],
            "env": [{"name": "HINT", "value": "hinted"}],
            "interactiveMode": "Never",
            "provideClusterInfo": True,
        }
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_plugin_that_answers_a_token_is_run_once(
    answering: Answer, authority: Authority, tmp_path: Path, version: str
) -> None:
    user = plugin(tmp_path, json.dumps({"status": {"token": "fresh"}}), version=version)
    server = answering(page("a"), tls=authority.server())
    kube = client(server.url, user, **trusting(authority))
    kube.nodes()
    kube.nodes()
    assert all("Authorization: Bearer fresh" in request for request in server.requests)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == 1
    info = json.loads(asked[0])
    assert info["apiVersion"].endswith(version)
    assert info["spec"]["cluster"]["server"] == server.url


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_plugin_that_answers_a_certificate_is_understood(
    answering: Answer, authority: Authority, tmp_path: Path, version: str
) -> None:
    server = answering(page("a"), tls=authority.server(client_auth=True))
    certificate, key = (Path(file).read_text() for file in authority.issue("admin"))
    answer = {"status": {"clientCertificateData": certificate, "clientKeyData": key}}
    user = plugin(tmp_path, json.dumps(answer), version=version)
    trusted = {"certificate-authority": authority.file}
    assert len(client(server.url, user, **trusted).nodes()) == 1


def test_a_plugin_is_asked_again_when_its_credential_expired(
    answering: Answer, authority: Authority, tmp_path: Path
) -> None:
    user = plugin(tmp_path, json.dumps({"status": {"token": "t"}}))
    answers = (page("a"), status(401, "Unauthorized", "expired"), page("a"))
    server = answering(*answers, tls=authority.server())
    kube = client(server.url, user, **trusting(authority))
    kube.nodes()
    kube.nodes()
    assert len((tmp_path / "asked").read_text().splitlines()) == 2


@pytest.mark.parametrize("answer", ["", "{}", "not json", '{"status": {}}', '{"status": null}'])
def test_a_plugin_that_answers_nothing_usable_is_named(tmp_path: Path, answer: str) -> None:
    with pytest.raises(errors.CredentialsError, match="did not answer an ExecCredential"):
        client(NOWHERE, plugin(tmp_path, answer)).nodes()


def test_a_plugin_that_fails_shows_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(errors.CredentialsError, match="exited with 3") as caught:
        client(NOWHERE, plugin(tmp_path, "", code=3)).nodes()
    assert caught.value.details == ("trouble hinted",)


def test_a_plugin_that_is_missing_shows_its_install_hint() -> None:
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "no-such-plugin-anywhere",
            "installHint": "brew install it",
            "interactiveMode": "Never",
        }
    }
    with pytest.raises(errors.CredentialsError, match="not installed") as caught:
        client(NOWHERE, user).nodes()
    assert caught.value.resolution == "brew install it"


def test_a_plugin_of_an_old_protocol_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.CredentialsError, match="v1alpha1"):
        client(NOWHERE, plugin(tmp_path, "{}", version="v1alpha1")).nodes()


def test_the_context_asked_for_is_taken() -> None:
    text = kubeconfig("http://one")
    with pytest.raises(errors.LocalError, match="no context 'other'"):
        connect(text, context="other")
    with pytest.raises(errors.LocalError, match="is not a kubeconfig"):
        connect("- a\n")
    with pytest.raises(errors.LocalError, match="no current context"):
        connect("")
    assert YAML(typ="safe").load(text)["current-context"] == "c"


def test_a_container_that_crashes_shows_how_it_ended_the_last_time(answering: Answer) -> None:
    back_off = {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}
    ended = {"exitCode": 128, "reason": "StartError", "message": "driver not loaded\n"}
    container = {
        "name": "c", "state": {"waiting": back_off}, "lastState": {"terminated": ended},
    }  # fmt: skip
    pod = {
        "metadata": {"name": "p", "namespace": "default"},
        "status": {"phase": "Running", "containerStatuses": [container]},
    }
    server = answering(http("200 OK", json.dumps({"kind": "PodList", "items": [pod]})))
    [found] = client(server.url).pods("default", "app=p")
    assert found.reason == "CrashLoopBackOff"
    assert found.message.endswith("; it ended with: driver not loaded")
    del ended["message"]
    silent = answering(http("200 OK", json.dumps({"kind": "PodList", "items": [pod]})))
    [found] = client(silent.url).pods("default", "app=p")
    assert found.message.endswith("; it ended with: exit code 128 (StartError)")


def unfolding(status_line: str, size: int) -> bytes:
    """An answer of some kilobytes that unfolds to ``size`` bytes of text."""
    body = gzip.compress(b" " * size, 9)
    head = (
        f"HTTP/1.1 {status_line}\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.long
def test_an_answer_larger_than_a_page_can_be_is_asked_for_in_parts_and_then_told(
    answering: Answer,
) -> None:
    server = answering(unfolding("200 OK", MAX_ANSWER + 1))
    with pytest.raises(errors.CloudError, match="answered with more than 64 MiB") as caught:
        client(server.url).nodes()
    assert caught.value.exits_with == 11
    assert "proxy" in str(caught.value.resolution)
    assert ["limit=250" in asked for asked in server.requests] == [True, False, False]


@pytest.mark.long
def test_a_refusal_without_an_end_is_read_as_far_as_it_says_something(answering: Answer) -> None:
    server = answering(unfolding("403 Forbidden", 8 * MAX_ANSWER))
    with pytest.raises(errors.AccessDenied):
        client(server.url).nodes()
    assert len(server.requests) == 1
