"""The keys and doors that clients of every make use."""

from __future__ import annotations

import json
from pathlib import Path

import alibabacloud_ram20150501.models as ram_models
import alibabacloud_sts20150401.models as sts_models
import pytest
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config

from ackgpu.emulator import Emulator

PRODUCTS = ("vpc", "ecs", "cs")
TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Action": "sts:AssumeRole",
                "Effect": "Allow",
                "Principal": {"RAM": ["acs:ram::1234567890123456:root"]},
            }
        ],
    }
)


@pytest.fixture
def host(emulator: Emulator) -> str:
    """Address and port, as SDKs take an endpoint."""
    return emulator.endpoint.removeprefix("http://")


@pytest.fixture
def hosts(host: str) -> dict[str, str]:
    return dict.fromkeys(PRODUCTS, host)


@pytest.fixture
def keys(emulator: Emulator) -> dict[str, str]:
    """The account's own key."""
    return {
        "access_key_id": emulator.access_key_id,
        "access_key_secret": emulator.access_key_secret,
    }


@pytest.fixture
def sts_keys(host: str, keys: dict[str, str]) -> dict[str, str]:
    """A temporary key, got as anybody gets one: a user assumes a role."""

    def config(own: dict[str, str]) -> Config:
        return Config(endpoint=host, protocol="http", region_id="cn-hangzhou", **own)

    ram = RamClient(config(keys))
    ram.create_role(
        ram_models.CreateRoleRequest(role_name="builder", assume_role_policy_document=TRUST)
    )
    ram.create_user(ram_models.CreateUserRequest(user_name="alice"))
    ram.attach_policy_to_user(
        ram_models.AttachPolicyToUserRequest(
            user_name="alice", policy_name="AliyunSTSAssumeRoleAccess", policy_type="System"
        )
    )
    made = ram.create_access_key(ram_models.CreateAccessKeyRequest(user_name="alice"))
    key = made.body.access_key
    alice = {"access_key_id": key.access_key_id, "access_key_secret": key.access_key_secret}
    request = sts_models.AssumeRoleRequest(
        role_arn="acs:ram::1234567890123456:role/builder",
        role_session_name="test",
        duration_seconds=3600,
    )
    got = StsClient(config(alice)).assume_role(request).body.credentials
    return {
        "access_key_id": got.access_key_id,
        "access_key_secret": got.access_key_secret,
        "security_token": got.security_token,
    }


@pytest.fixture(params=["keys", "sts_keys"])
def any_keys(request: pytest.FixtureRequest) -> dict[str, str]:
    """The account's own key, then a temporary one."""
    found: dict[str, str] = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def authority(emulator: Emulator, tmp_path: Path) -> Path:
    """The emulator's certificate authority as a file, as clients want it."""
    path = tmp_path / "authority.pem"
    path.write_text(emulator.authority)
    return path
