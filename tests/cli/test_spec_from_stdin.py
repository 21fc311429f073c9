"""``-f -``: the spec from standard input, as kubectl takes manifests."""

from __future__ import annotations

import io
import sys

import pytest
from support.cli import Cli

SPEC = """\
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata:
  name: piped
nodePools:
  - name: gpu
    instanceTypes: [ecs.vgn5i-m2.xlarge]
    desiredSize: 1
"""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """What stands on standard input, in a locale that is not UTF-8."""
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content, encoding="latin-1"))
    return content


def put(stdin: io.BytesIO, content: bytes) -> None:
    stdin.write(content)
    stdin.seek(0)


@pytest.mark.long
def test_create_reads_the_spec_from_stdin(cli: Cli, typed: io.BytesIO) -> None:
    put(typed, SPEC.encode())
    document = cli.ok("create", "-f", "-", "-o", "json").json
    assert document["cluster"]["name"] == "piped"
    assert len(cli.account()["instance"]) == 1


def test_flags_come_over_stdin(cli: Cli, typed: io.BytesIO) -> None:
    put(typed, b"\xef\xbb\xbf" + SPEC.encode())
    document = cli.ok("plan", "other", "-f", "-", "-o", "json").json
    assert document["clusterName"] == "other"


def test_findings_in_stdin_have_their_line(cli: Cli, typed: io.BytesIO) -> None:
    put(typed, SPEC.replace("desiredSize", "desiredSiz").encode())
    refused = cli("create", "-f", "-")
    assert refused.code == 2
    assert "stdin:8:5" in refused.err
    assert "did you mean 'desiredSize'" in refused.err


@pytest.mark.parametrize("content", [b"", b"metadata: {name: \xff}\n"])
def test_stdin_that_is_no_spec_is_refused(cli: Cli, typed: io.BytesIO, content: bytes) -> None:
    put(typed, content)
    refused = cli("config", "validate", "-")
    assert refused.code == 2
    assert "stdin" in refused.err


@pytest.mark.long
def test_a_pool_is_added_as_stdin_describes_it(cli: Cli, typed: io.BytesIO) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    put(typed, SPEC.replace("name: gpu", "name: small").encode())
    cli.ok("nodepool", "add", "demo", "small", "-f", "-")
    assert len(cli.account()["nodepool"]) == 2
