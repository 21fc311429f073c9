"""Credentials that cannot work end a command at once, with 4, and say which they are."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.cli import Cli
from support.credentials import Json, new_user, profile

from ackgpu.cloud.aliyun.temporary_keys import of_program
from ackgpu.errors import CredentialsError

ROLE = {"ram_role_arn": "acs:ram::1234567890123456:role/ops"}
SSO = {
    "mode": "CloudSSO",
    "cloud_sso_sign_in_url": "https://signin-cn-shanghai.alibabacloudsso.com/d/login",
    "cloud_sso_account_id": "1",
    "cloud_sso_access_config": "ac-1",
    "access_token": "token-of-the-portal",
    "cloud_sso_access_token_expire": 32_000_000_000,
}
REAL: Mapping[str, str] = {"ACKGPU_ENDPOINT_URL": "", "ACKGPU_CLOCK_SPEED": ""}
"""No loopback: what is wrong must be found before anything is called."""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"mode": "OIDC", **ROLE, "oidc_provider_arn": "p", "oidc_token_file": "/no/such/file"},
            "/no/such/file: No such file or directory",
        ),
        (
            {"mode": "OIDC", **ROLE, "oidc_provider_arn": "p", "oidc_token_file": "/dev/null"},
            "not a regular file",
        ),
        ({**SSO, "cloud_sso_account_id": ""}, "lacks cloud_sso_account_id"),
        ({**SSO, "cloud_sso_access_token_expire": 1_000_000_000}, "expired"),
        ({**SSO, "cloud_sso_sign_in_url": "ftp://sso"}, "has to begin with http"),
        ({"mode": "External", "process_command": "/no/such/program"}, "it is not installed"),
        ({"mode": "External", "process_command": "'unclosed"}, "No closing quotation"),
        ({"mode": "External", "process_command": "echo no-json"}, "did not print its keys"),
        ({"mode": "External", "process_command": "echo []"}, "did not print its keys"),
        ({"mode": "External", "process_command": "false"}, "it exited with 1"),
        ({"mode": "CredentialsURI", "credentials_uri": "file:///etc/passwd"}, "begin with http"),
        ({"mode": "CredentialsURI", "credentials_uri": "http://[::1"}, "begin with http"),
    ],
)
def test_what_cannot_work_ends_with_4_before_anything_is_called(
    cli: Cli, row: Json, said: str
) -> None:
    profile(cli.home, **row)
    del cli.env["ALIBABA_CLOUD_ACCESS_KEY_ID"], cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    ended = cli("list", "-v", "-p", "p", env=REAL)
    assert ended.code == 4, ended.err
    assert said in ended.err
    assert "profile p" in ended.err.lower()
    assert ended.err.count("DescribeClusters") <= 1  # -v names each try; none is made again


@pytest.mark.parametrize(
    ("env", "said"),
    [
        (
            {
                "ALIBABA_CLOUD_ROLE_ARN": ROLE["ram_role_arn"],
                "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "p",
                "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/no/such/file",
            },
            "/no/such/file",
        ),
        ({"ALIBABA_CLOUD_CREDENTIALS_URI": "file:///etc/passwd"}, "begin with http"),
    ],
)
def test_neither_can_what_the_environment_names(cli: Cli, env: dict[str, str], said: str) -> None:
    del cli.env["ALIBABA_CLOUD_ACCESS_KEY_ID"], cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    ended = cli("list", env={**REAL, **env})
    assert ended.code == 4, ended.err
    assert said in ended.err


def test_a_credential_program_that_hangs_is_given_up_with_all_that_it_started(
    tmp_path: Path,
) -> None:
    alive = tmp_path / "alive"
    script = tmp_path / "hang.sh"
    script.write_text(f"#!/bin/sh\n(while :; do echo >> {alive}; sleep 0.05; done) &\nwait\n")
    provider = of_program(f"/bin/sh {script}", "The program", seconds=0.5)
    with pytest.raises(CredentialsError, match=r"did not answer within 0\.5 s") as caught:
        provider.get_credentials()
    assert caught.value.exits_with == 4
    grown = alive.stat().st_size
    with pytest.raises(CredentialsError):  # half a second in which a child would go on
        of_program("sleep 60", "Another", seconds=0.5).get_credentials()
    assert alive.stat().st_size == grown


def test_a_credential_program_that_never_stops_talking_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="said too much"):
        of_program("yes", "The program", seconds=30).get_credentials()


def test_a_credential_program_may_leave_an_agent_behind(tmp_path: Path) -> None:
    answer = json.dumps({"access_key_id": "X", "access_key_secret": "Y"})
    script = tmp_path / "give.sh"
    script.write_text(f"sleep 60 &\necho '{answer}'\n")  # longer than the 30 s below
    found = of_program(f"/bin/sh {script}", "The program", seconds=30).get_credentials()
    assert (found.get_access_key_id(), found.get_access_key_secret()) == ("X", "Y")


def test_refused_credentials_name_their_source_and_the_masked_key(cli: Cli) -> None:
    wrong = {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "not-the-secret-of-anybody"}
    refused = cli("list", env=wrong)
    key_id = cli.env["ALIBABA_CLOUD_ACCESS_KEY_ID"]
    assert refused.code == 4
    assert f"Signed with the access key {key_id[:4]}****{key_id[-4:]}, from ALIBABA_CLOUD_*." in (
        " ".join(refused.err.split())
    )
    assert key_id not in refused.err

    profile(cli.home, mode="AK", access_key_id="LTAI5tNoSuchKeyAtAll", access_key_secret="nothing")
    refused = cli("list", "-p", "p", "-o", "json")
    assert refused.code == 4
    assert refused.json["error"]["details"] == [
        "Signed with the access key LTAI****tAll, from profile p (AK)."
    ]


def test_a_token_of_another_key_is_not_called_expired(cli: Cli) -> None:
    user = new_user(cli.emulator)
    token = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": user[0],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": user[1],
        "ALIBABA_CLOUD_SECURITY_TOKEN": "CAISnot-the-token-of-this-key",
    }
    refused = cli("list", env=token)
    assert refused.code == 4
    assert "expired" not in refused.err
    assert "belongs to another access key" in refused.err
    assert "have expired" not in cli.ok("explain", "InvalidSecurityToken.MismatchWithAccessKey").out


def test_the_keys_that_a_program_gives_sign(cli: Cli, tmp_path: Path) -> None:
    script = tmp_path / "give.py"
    keys = {
        "mode": "AK",
        "access_key_id": cli.env["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        "access_key_secret": cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
    }
    script.write_text(f"print({json.dumps(keys)!r})")
    profile(cli.home, mode="External", process_command=f"{sys.executable} {script}")
    cli.ok("list", "-p", "p")
