"""What DeleteCluster keeps, by its own word in DescribeClusterResources."""

from __future__ import annotations

import json

import pytest
from support.altering import Exchange, altering_proxy_to
from support.cli import Cli


def project_stays(exchange: Exchange) -> bytes:
    """The answer of an ACK that deletes no log project, and cannot be told to."""
    if not exchange.action.startswith("DescribeClusterResources"):
        return exchange.content
    rows = json.loads(exchange.content)
    for row in rows:
        if row["resource_type"] == "ALIYUN::SLS::Project":
            row["delete_behavior"] = {"delete_by_default": False, "changeable": False}
    return json.dumps(rows).encode()


@pytest.mark.long
def test_what_cannot_be_deleted_along_is_told_as_staying_before_and_after(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        proxy.alter = project_stays
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        looked = cli.ok("delete", "demo", "--dry-run", "-o", "json").json
        receipt = cli.ok("delete", "demo", "-y", "-o", "json").json
    (kept,) = (line for line in looked["keeps"] if "k8s-log-" in line)
    assert "DeleteCluster keeps it" in kept
    assert not [line for line in looked["notes"] if "k8s-log-" in line]
    (retained,) = receipt["retained"]
    assert retained["resource"]["type"] == "Project"
    assert "Project" not in {resource["type"] for resource in receipt["unread"]}
