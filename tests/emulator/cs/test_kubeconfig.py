"""Kubeconfigs and their certificates."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from ruamel.yaml import YAML

from tests.emulator.cs.ack import Ack


def parsed(text: str) -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load(text))


def certificate(config: dict[str, Any]) -> x509.Certificate:
    user = config["users"][0]["user"]
    return x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"]))


def test_it_has_the_form_of_the_real_one(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    text = ack("DescribeClusterUserKubeconfig", cluster_id)["config"]
    assert text.startswith("\napiVersion: v1\n")
    config = parsed(text)
    (user,) = config["users"]
    assert isinstance(user["name"], str)
    assert user["name"].isdigit()
    assert config["current-context"] == f"{user['name']}-{cluster_id}"
    (cluster,) = config["clusters"]
    assert cluster["name"] == "kubernetes"
    assert cluster["cluster"]["server"] == ack.emulator.kube_endpoint
    assert b"PRIVATE KEY" in base64.b64decode(user["user"]["client-key-data"])


def nodes_seen_with(config: dict[str, Any], tmp_path: Path) -> list[dict[str, Any]]:
    """The nodes that the Kubernetes API lists for whoever holds the kubeconfig."""
    user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
    pem = tmp_path / "client.pem"
    parts = (user["client-certificate-data"], user["client-key-data"])
    pem.write_bytes(b"".join(base64.b64decode(part) for part in parts))
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    context.load_cert_chain(pem)
    url = f"{cluster['server']}/api/v1/nodes"
    with urllib.request.urlopen(url, context=context) as answer:  # noqa: S310 -- loopback
        return list(json.load(answer)["items"])


def test_it_opens_the_api_of_the_cluster(ack: Ack, tmp_path: Path) -> None:
    cluster_id = ack.make_cluster()
    ack.make_pool(cluster_id)
    config = parsed(ack("DescribeClusterUserKubeconfig", cluster_id)["config"])
    nodes = nodes_seen_with(config, tmp_path)
    assert {row["metadata"]["name"] for row in nodes} == {
        row["node_name"] for row in ack.nodes(cluster_id)
    }
    for row in nodes:
        assert row["metadata"]["labels"]["aliyun.accelerator/nvidia_name"] == "GRID-P4-2Q"
        assert row["status"]["allocatable"]["nvidia.com/gpu"] == "1"


def test_a_revoked_one_opens_nothing_and_a_new_one_does(ack: Ack, tmp_path: Path) -> None:
    cluster_id = ack.make_cluster()
    config = parsed(ack("DescribeClusterUserKubeconfig", cluster_id)["config"])
    ack.raw("RevokeK8sClusterKubeConfig", "DELETE", f"/k8s/{cluster_id}/certs")
    with pytest.raises(urllib.error.HTTPError) as refused:
        nodes_seen_with(config, tmp_path)
    with refused.value:
        assert refused.value.code == 401
    fresh = parsed(ack("DescribeClusterUserKubeconfig", cluster_id)["config"])
    assert nodes_seen_with(fresh, tmp_path) == []


def test_the_certificate_names_the_cluster(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    config = parsed(ack("DescribeClusterUserKubeconfig", cluster_id)["config"])
    subject = certificate(config).subject
    names = {str(row.value) for row in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)}
    assert names == {"system:users", f"ack:cluster:{cluster_id}"}


def test_the_private_address_is_on_loopback_too(ack: Ack) -> None:
    cluster_id = ack.make_cluster(endpoint_public_access=True)
    text = ack("DescribeClusterUserKubeconfig", cluster_id, PrivateIpAddress=True)["config"]
    assert ack.emulator.kube_endpoint in text


def test_a_temporary_one_expires(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    answer = ack("DescribeClusterUserKubeconfig", cluster_id, TemporaryDurationMinutes=60)
    life = certificate(parsed(answer["config"]))
    lasts = life.not_valid_after_utc - life.not_valid_before_utc
    assert lasts <= timedelta(days=1, hours=1, minutes=1)
    assert answer["expiration"] == "2026-11-24T01:06:15Z"


def test_without_a_duration_it_lasts_three_years(ack: Ack) -> None:
    answer = ack("DescribeClusterUserKubeconfig", ack.make_cluster())
    assert answer["expiration"].startswith("2029-11-23")


@pytest.mark.parametrize("minutes", [14, 4321])
def test_a_duration_out_of_range_is_refused(ack: Ack, minutes: int) -> None:
    cluster_id = ack.make_cluster()
    query = {"TemporaryDurationMinutes": minutes}
    assert ack.refusal("DescribeClusterUserKubeconfig", cluster_id, **query)[1] == 400


def test_a_cluster_that_is_being_made_has_none(ack: Ack) -> None:
    cluster_id, _ = ack.ask_cluster()
    refused = ack.refusal("DescribeClusterUserKubeconfig", cluster_id)
    assert refused == ("ErrorClusterState", 400)


def test_a_revocation_begins_another_generation(ack: Ack) -> None:
    cluster_id = ack.make_cluster()

    def name() -> str:
        config = parsed(ack("DescribeClusterUserKubeconfig", cluster_id)["config"])
        found = certificate(config).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value)

    before = name()
    assert name() == before
    ack("RevokeK8sClusterKubeConfig", cluster_id)
    assert name() != before


def test_other_users_and_the_older_form(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    other = ack("DescribeSubaccountK8sClusterUserConfig", cluster_id, "2099")
    assert parsed(other["config"])["current-context"] == f"2099-{cluster_id}"
    old = ack("DescribeClusterV2UserKubeconfig", cluster_id)
    assert set(old) == {"config"}
