"""Credentials of an emulated account, and profiles that name them."""

from __future__ import annotations

import json
from pathlib import Path

from ackgpu.emulator import Emulator
from ackgpu.emulator.store import Doc

Json = dict[str, object]
ACCOUNT = "1234567890123456"


def profile(home: Path, **fields: object) -> Path:
    """The profile ``p``, the only and current one, in the CLI's file."""
    return profiles(home, {"name": "p", **fields})


def profiles(home: Path, *rows: Json) -> Path:
    """Profiles in the CLI's file; the first is the current one."""
    file = home / ".aliyun" / "config.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"current": rows[0]["name"], "profiles": list(rows)}))
    return file


def new_user(emulator: Emulator) -> tuple[str, str]:
    """A RAM user who may do everything: key id and secret."""
    with emulator.backend.transaction(write=True) as session:
        session.put(
            Doc("ramuser", "ops", name="ops", created_at=0.0, body={"UserId": "2", "Policies": {}})
        )
        body = {
            "UserName": "ops",
            "AccessKeySecret": "secret-of-ops-0123456789",
            "Status": "Active",
        }
        session.put(Doc("accesskey", "LTAI5tOpsOpsOpsOps", scope="ops", created_at=0.0, body=body))
    return "LTAI5tOpsOpsOpsOps", "secret-of-ops-0123456789"


def new_role(emulator: Emulator, name: str = "ops") -> str:
    """A role that every identity of the account may assume: its ARN."""
    trust = {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"RAM": [f"acs:ram::{ACCOUNT}:root"]},
            }
        ],
    }
    body = {
        "RoleId": "3",
        "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": json.dumps(trust),
        "Policies": {},
    }
    with emulator.backend.transaction(write=True) as session:
        session.put(Doc("ramrole", name, name=name, created_at=0.0, body=body))
    return f"acs:ram::{ACCOUNT}:role/{name}"
