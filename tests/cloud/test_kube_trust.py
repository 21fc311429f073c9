"""A cluster's certificate must prove its chain, its host and its dates, and nothing beyond."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from ackgpu import errors
from ackgpu.cloud.kube.client import KubeClient
from tests.cloud.scripted_servers import Answer, Authority, new_authority
from tests.cloud.test_kube_client import client, page


@pytest.fixture(params=[True, False], ids=["with identifiers", "without identifiers"])
def authority(request: pytest.FixtureRequest, tmp_path: Path) -> Authority:
    """An authority, and what it issues, with and without key identifiers."""
    return new_authority(tmp_path, key_identifiers=request.param)


@pytest.fixture(params=["file", "data"])
def trusting(request: pytest.FixtureRequest, authority: Authority) -> dict[str, Any]:
    """The keys of a kubeconfig's cluster that trusts the authority."""
    if request.param == "file":
        return {"certificate-authority": authority.file}
    data = base64.b64encode(Path(authority.file).read_bytes()).decode()
    return {"certificate-authority-data": data}


def refused(kube: KubeClient) -> str:
    with pytest.raises(errors.CloudError) as caught:
        kube.nodes()
    assert not isinstance(caught.value, errors.Transient)
    return caught.value.message


def test_the_authority_of_the_kubeconfig_is_trusted(
    answering: Answer, authority: Authority, trusting: dict[str, Any]
) -> None:
    server = answering(page("a"), tls=authority.server())
    assert [node.name for node in client(server.url, **trusting).nodes()] == ["a"]


def test_another_host_is_refused(
    answering: Answer, authority: Authority, trusting: dict[str, Any]
) -> None:
    server = answering(page("a"), tls=authority.server(host="elsewhere.example"))
    assert "mismatch" in refused(client(server.url, **trusting))
    assert server.requests == []


def test_a_certificate_that_has_expired_is_refused(
    answering: Answer, authority: Authority, trusting: dict[str, Any]
) -> None:
    server = answering(page("a"), tls=authority.server(age_days=3))
    assert "certificate has expired" in refused(client(server.url, **trusting))


def test_another_authority_of_the_same_name_is_refused(
    answering: Answer, authority: Authority, trusting: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = new_authority(tmp_path / "other", key_identifiers=authority.key_identifiers)
    server = answering(page("a"), tls=other.server())
    assert "does not trust" in refused(client(server.url, **trusting))
