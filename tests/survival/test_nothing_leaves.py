"""With an endpoint on loopback nothing leaves this machine, whatever the credentials say.

A hook in the interpreter itself writes down each name that is looked up and each address that is
connected to, of ackgpu, of the SDKs and of what they start.
"""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.cli import SPEED
from support.credentials import Json, new_role, new_user, profiles

from ackgpu.emulator import Emulator

HOOK = """
import os, sys

def _note(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    descriptor = os.open(os.environ["LOOKED_UP"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (str(host) + "\\n").encode())
    os.close(descriptor)

sys.addaudithook(_note)
"""
SSO = {
    "cloud_sso_sign_in_url": "https://signin-cn-shanghai.alibabacloudsso.com/d/login",
    "cloud_sso_account_id": "1",
    "cloud_sso_access_config": "ac-1",
    "access_token": "token-of-the-portal",
    "cloud_sso_access_token_expire": 32_000_000_000,
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(speed=SPEED, seed=7) as emulator:
        yield emulator


class Machine:
    """A home with a hook, on an emulated account with a user and a role."""

    def __init__(self, emulator: Emulator, root: Path) -> None:
        hooks = root / "hooks"
        hooks.mkdir()
        (hooks / "sitecustomize.py").write_text(HOOK)
        self.home = root / "user"
        self.home.mkdir()
        self.looked_up = root / "looked-up"
        key_id, secret = new_user(emulator)
        self.keys: Json = {"access_key_id": key_id, "access_key_secret": secret}
        self.role: Json = {"ram_role_arn": new_role(emulator), "ram_session_name": "test"}
        self.env = {
            **{k: v for k, v in emulator.env.items() if "ACCESS_KEY" not in k},
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(hooks),
            "HOME": str(self.home),
            "ACKGPU_STATE_DIR": str(root / "state"),
            "LOOKED_UP": str(self.looked_up),
        }

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ackgpu", *words],
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def elsewhere(self) -> set[str]:
        """The hosts beyond loopback."""
        hosts = set(self.looked_up.read_text().split()) if self.looked_up.exists() else set()
        return {host for host in hosts if not _here(host)}


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", "None"}


@pytest.fixture
def machine(emulator: Emulator, tmp_path: Path) -> Machine:
    return Machine(emulator, tmp_path)


def test_the_hook_sees_what_would_leave(machine: Machine) -> None:
    program = "import socket; socket.getaddrinfo('name.invalid', 1)"
    subprocess.run(
        [sys.executable, "-c", program], env=machine.env, capture_output=True, check=False
    )
    assert machine.elsewhere() == {"name.invalid"}


Rows = Callable[[Machine], list[Json]]
MODES: dict[str, tuple[Rows, int]] = {
    "AK": (lambda m: [{"mode": "AK", **m.keys}], 0),
    "StsToken": (lambda m: [{"mode": "StsToken", **m.keys, "sts_token": "CAISnone"}], 4),
    "RamRoleArn": (lambda m: [{"mode": "RamRoleArn", **m.keys, **m.role}], 0),
    "ChainableRamRoleArn": (
        lambda m: [
            {"mode": "ChainableRamRoleArn", "source_profile": "q", **m.role},
            {"name": "q", "mode": "AK", **m.keys},
        ],
        0,
    ),
    "a chain to the metadata": (
        lambda m: [
            {"mode": "ChainableRamRoleArn", "source_profile": "q", **m.role},
            {"name": "q", "mode": "EcsRamRole"},
        ],
        4,
    ),
    "OIDC": (
        lambda m: [
            {
                "mode": "OIDC",
                **m.role,
                "oidc_provider_arn": "acs:ram::1:oidc-provider/p",
                "oidc_token_file": str(_token(m)),
            }
        ],
        4,
    ),
    "EcsRamRole": (lambda _: [{"mode": "EcsRamRole", "ram_role_name": "r"}], 4),
    "CredentialsURI": (
        lambda _: [{"mode": "CredentialsURI", "credentials_uri": "http://keys.invalid/"}],
        4,
    ),
    "External": (lambda m: [{"mode": "External", "process_command": _program(m)}], 0),
    "CloudSSO": (lambda _: [{"mode": "CloudSSO", **SSO}], 4),
    "OAuth": (lambda _: [{"mode": "OAuth", "oauth_refresh_token": "refresh-token"}], 4),
}


def _token(machine: Machine) -> Path:
    file = machine.home / "token"
    file.write_text("header.claims.signature")
    return file


def _program(machine: Machine) -> str:
    script = machine.home / "give.py"
    script.write_text(f"print({json.dumps({'mode': 'AK', **machine.keys})!r})")
    return f"{sys.executable} {script}"


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_no_mode_of_a_profile_leaves_loopback(machine: Machine, mode: str) -> None:
    rows, code = MODES[mode]
    profiles(machine.home, *({"name": "p", **row} for row in rows(machine)))
    listed = machine.run("list", "-p", "p", "-r", "cn-hangzhou")
    assert listed.returncode == code, listed.stderr
    machine.run("doctor", "-p", "p")  # one read of each product, and the time of STS
    assert machine.elsewhere() == set()


@pytest.mark.long
def test_neither_does_a_source_that_only_the_environment_names(machine: Machine) -> None:
    sources: list[dict[str, str]] = [
        {"ALIBABA_CLOUD_CREDENTIALS_URI": "http://keys.invalid/"},
        {"ALIBABA_CLOUD_ECS_METADATA": "r", "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "false"},
        {
            "ALIBABA_CLOUD_ROLE_ARN": str(machine.role["ram_role_arn"]),
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/p",
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(_token(machine)),
        },
    ]
    for env in sources:
        assert machine.run("list", **env).returncode == 4
    assert machine.elsewhere() == set()


@pytest.mark.long
def test_one_product_on_loopback_keeps_all_others_from_the_real_cloud(machine: Machine) -> None:
    profiles(machine.home, {"name": "p", "mode": "AK", **machine.keys})
    url = machine.env.pop("ACKGPU_ENDPOINT_URL")
    for product in ("CS", "ECS", "VPC", "SLB", "QUOTAS", "STS"):
        ended = machine.run("list", "-p", "p", **{f"ACKGPU_ENDPOINT_{product}": url})
        assert ended.returncode == 2, ended.stderr
        assert "would be asked elsewhere" in ended.stderr
    assert machine.elsewhere() == set()


@pytest.mark.long
def test_a_whole_life_of_a_cluster_stays_on_loopback(machine: Machine) -> None:
    profiles(machine.home, {"name": "p", "mode": "RamRoleArn", **machine.keys, **machine.role})
    scope = ("-p", "p", "--timeout", "24h")
    assert machine.run("create", "demo", *scope).returncode == 0
    assert machine.run("verify", "demo", *scope).returncode == 0
    assert machine.run("delete", "demo", "-y", *scope).returncode == 0
    assert machine.elsewhere() == set()
