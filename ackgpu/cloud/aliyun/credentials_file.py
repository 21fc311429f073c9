"""The SDKs' own file of credentials, ``~/.alibabacloud/credentials``: sections of key = value.

Its types and keys are translated into those of the CLI's profiles, so that one code builds both
(alibabacloud-credentials, provider ``profile``; documentation of the default credential chain).
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ackgpu.cloud.aliyun.profiles import Profiles
from ackgpu.errors import CredentialsError
from ackgpu.redaction import learn
from ackgpu.small_file import MIB, read_small, why

VARIABLE = "ALIBABA_CLOUD_CREDENTIALS_FILE"
SECTION = "default"
_PLACES = ("credentials", "credentials.ini")
"""Documented, and the one that the Python SDK looks for."""
_MODES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "access_key": ("AK", {}),
    "sts": ("StsToken", {"security_token": "sts_token"}),
    "ram_role_arn": (
        "RamRoleArn",
        {"role_arn": "ram_role_arn", "role_session_name": "ram_session_name"},
    ),
    "oidc_role_arn": (
        "OIDC",
        {"role_arn": "ram_role_arn", "oidc_token_file_path": "oidc_token_file"},
    ),
    "ecs_ram_role": ("EcsRamRole", {"role_name": "ram_role_name"}),
    "credentials_uri": ("CredentialsURI", {}),
}
_SECRETS = ("access_key_secret", "security_token")


def find_file(env: Mapping[str, str], home: Path) -> Path | None:
    """The file, which the environment names or which lies in the home; None where there is none."""
    if env.get(VARIABLE):
        return Path(env[VARIABLE])
    places = (home / ".alibabacloud" / name for name in _PLACES)
    return next((path for path in places if path.exists()), None)


def read_section(path: Path, *, named: bool) -> Profiles | None:
    """The section ``default`` as the only profile; raises CredentialsError where it is broken.

    None where the file has no such section, unless it was ``named`` by the environment.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(read_small(path, MIB).decode("utf-8-sig"))
    except OSError as error:
        raise CredentialsError(
            f"The credentials cannot be read: {path}: {why(error)}.",
            resolution=f"Repair it, or point {VARIABLE} at another file.",
        ) from None
    except (configparser.Error, UnicodeDecodeError):
        raise CredentialsError(
            f"{path} is not a file of credentials: it has sections of key = value.",
            resolution=f"Repair it, or point {VARIABLE} at another file.",
        ) from None
    if not parser.has_section(SECTION):
        if not named:
            return None
        raise CredentialsError(
            f"{path} has no section [{SECTION}].", resolution="Add it, or unset " + VARIABLE
        )
    section = {key: value.split("#")[0].strip() for key, value in parser.items(SECTION)}
    learn(*(section.get(key) for key in _SECRETS))
    return Profiles(path, SECTION, {SECTION: _as_profile(path, section)})


def _as_profile(path: Path, section: Mapping[str, str]) -> dict[str, Any]:
    kind = section.get("type", "")
    if kind not in _MODES:
        raise CredentialsError(
            f"{path}: [{SECTION}] has the type {kind or 'none'}, which ackgpu does not know.",
            resolution=f"Use one of: {', '.join(_MODES)}.",
        )
    mode, names = _MODES[kind]
    return {"mode": mode, **{names.get(key, key): value for key, value in section.items()}}
