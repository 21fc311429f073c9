"""--verbose: every call to the cloud, where people look and nowhere else."""

from __future__ import annotations

import re

from support.cli import Cli
from support.credentials import profile

UUID = "[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"


def test_each_call_is_shown_with_its_request_id(cli: Cli) -> None:
    cli.emulator.requests.clear()
    shown = cli.ok("list", "-v", "-o", "json")
    assert shown.json["ok"] is True
    for entry in cli.emulator.requests:
        assert f"  {entry.action} in cn-hangzhou: {entry.request_id}\n" in shown.err
    assert re.search(f"  DescribeVpcs in cn-hangzhou: {UUID}\n", shown.err)
    assert "in cn-hangzhou:" not in cli.ok("list").err


def test_the_source_of_the_credentials_is_shown(cli: Cli) -> None:
    assert "  The credentials are those of ALIBABA_CLOUD_*\n" in cli.ok("list", "-v").err
    keys = {
        "access_key_id": cli.env["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        "access_key_secret": cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
    }
    profile(cli.home, mode="AK", **keys)
    assert "those of profile p (AK)\n" in cli.ok("list", "-v", "-p", "p").err
    assert "profile p (AK): Account" in cli.ok("doctor", "-p", "p").out


def test_a_refusal_is_shown_and_no_secret(cli: Cli) -> None:
    wrong = {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "not-the-secret-of-anybody"}
    refused = cli("list", "-v", env=wrong)
    assert refused.code == 4
    assert re.search(r"^  \w+ in cn-hangzhou: \w+ was refused", refused.err, re.MULTILINE)
    assert "not-the-secret" not in refused.err
