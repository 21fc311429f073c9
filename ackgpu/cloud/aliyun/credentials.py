"""Which credentials sign the calls, and from where: the first source that is set decides.

A profile that is named wins over all: the flag, ``ACKGPU_PROFILE``, ``ALIBABA_CLOUD_PROFILE``.
Else the order is that of the SDKs' default chain (alibabacloud-credentials): the environment's
keys (``ACKGPU_*``, ``ALIBABA_CLOUD_*``, ``ALICLOUD_*``); an OIDC token; the current profile of
``~/.aliyun/config.json``; ``~/.alibabacloud/credentials``; the ECS RAM role; the credentials URI.

Two things differ from the chain. A source that is set and broken is an error, never passed over:
another identity would sign. And the metadata service is asked only where
``ALIBABA_CLOUD_ECS_METADATA`` names a role, so that nothing hangs off ECS. With an emulator, a
profile is used only where the flag names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ackgpu import flag
from ackgpu.cloud.aliyun import credentials_file
from ackgpu.cloud.aliyun.checked_keys import HOW, Checked, check_key, worded
from ackgpu.cloud.aliyun.endpoints import Endpoints
from ackgpu.cloud.aliyun.profiles import (
    Profiles,
    ProviderReach,
    by_uri,
    ecs_role,
    mode_of,
    provider_of,
    reach_of,
)
from ackgpu.cloud.aliyun.sdk_warnings import silence
from ackgpu.errors import CredentialsError
from ackgpu.redaction import learn

_HOW_EMULATED = (
    f"Export what `ackgpu emulator serve` printed under env, or use {flag.EMULATOR}; "
    f"a real profile signs for a loopback endpoint only where {flag.PROFILE} names it."
)
_ROLE_ARN = "ALIBABA_CLOUD_ROLE_ARN"
_OIDC_NAMES: Mapping[str, str] = {
    "ram_role_arn": _ROLE_ARN,
    "oidc_provider_arn": "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
    "oidc_token_file": "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
}
"""The variables of an OIDC token; that of the role by itself is read by other programs as well."""
_YEAR_3000 = 32_503_680_000
PROFILE_VARIABLES = ("ACKGPU_PROFILE", "ALIBABA_CLOUD_PROFILE")
"""A profile that one of them names wins over keys; the first that is set."""
_KEY_NAMES: tuple[tuple[str, tuple[str, ...], tuple[str, ...], str], ...] = (
    (
        "ACKGPU_*",
        ("ACKGPU_ACCESS_KEY_ID",),
        ("ACKGPU_ACCESS_KEY_SECRET",),
        "ACKGPU_SECURITY_TOKEN",
    ),
    (
        "ALIBABA_CLOUD_*",
        ("ALIBABA_CLOUD_ACCESS_KEY_ID",),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET",),
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ),
    (
        "ALICLOUD_*",
        ("ALICLOUD_ACCESS_KEY", "ALICLOUD_ACCESS_KEY_ID"),
        ("ALICLOUD_SECRET_KEY", "ALICLOUD_ACCESS_KEY_SECRET"),
        "ALICLOUD_SECURITY_TOKEN",
    ),
)


@dataclass(frozen=True)
class CredentialSource:
    """Where the credentials come from, and the SDK's provider of them, built when first used.

    ``name`` is for people: ``profile work (RamRoleArn)``. ``region`` is the profile's, empty
    elsewhere. ``renewed`` is False for a security token that nothing replaces; ``expires`` is its
    end, where the profile says it. No secret is in the representation.
    """

    name: str
    build: Callable[[], Any] = field(repr=False)
    region: str = ""
    expires: datetime | None = None
    renewed: bool = True

    def client(self) -> Any:
        """The credential client that SDK clients are given."""
        silence()
        from alibabacloud_credentials.client import Client

        return Client(provider=self.provider())

    def provider(self) -> Any:
        """The provider; raises CredentialsError where it cannot be made.

        What it gives is checked before it is used, and what it raises is worded.
        """
        silence()
        return Checked(worded(self.name, self.build), self.name)


def static(key_id: str, secret: str, token: str = "", *, name: str = "keys") -> CredentialSource:
    """An access key, temporary where it comes with a security ``token``."""
    learn(secret, token)

    def build() -> Any:
        from alibabacloud_credentials import provider as providers

        keys = {"access_key_id": key_id, "access_key_secret": secret}
        if token:
            return providers.StaticSTSCredentialsProvider(**keys, security_token=token)
        return providers.StaticAKCredentialsProvider(**keys)

    return CredentialSource(name, build, renewed=not token)


def found_later(find_it: Callable[[], CredentialSource]) -> CredentialSource:
    """Credentials that are looked for when they are first used."""
    return CredentialSource("where they are found", lambda: find_it().build())


def find(
    env: Mapping[str, str],
    home: Path,
    *,
    profile: str = "",
    endpoints: Endpoints | None = None,
) -> CredentialSource:
    """The credentials to use; raises CredentialsError where there are none or they are broken.

    ``profile`` is what the flag says. Where ``endpoints`` are on loopback, nothing else is asked.
    """
    where = endpoints or Endpoints()
    emulated = where.emulated
    reach = reach_of(env, where.of("STS"), only_loopback=emulated)
    # A real profile that a shell exports must not sign for, or be shown to, an emulator.
    variables = () if emulated else PROFILE_VARIABLES
    named = profile or next((env[name] for name in variables if env.get(name)), "")
    if named:
        return _profile(home, named, reach)
    for names in _KEY_NAMES:
        keys = _keys(env, *names)
        if keys:
            return keys
    if emulated:
        raise CredentialsError(
            "No credentials for the emulator were found.", resolution=_HOW_EMULATED
        )
    found = _ambient(env, home, reach)
    if found is None:
        raise CredentialsError(
            "No Alibaba Cloud credentials were found.",
            resolution=f"{HOW} Without an account: {flag.EMULATOR}.",
        )
    return found


def _keys(
    env: Mapping[str, str],
    label: str,
    ids: tuple[str, ...],
    secrets: tuple[str, ...],
    token: str,
) -> CredentialSource | None:
    key_id = next((env[name] for name in ids if env.get(name)), "")
    secret = next((env[name] for name in secrets if env.get(name)), "")
    if not key_id and not secret:
        return None
    if not key_id or not secret:
        there, lacking = (ids[0], secrets[0]) if key_id else (secrets[0], ids[0])
        raise CredentialsError(f"{there} is set and {lacking} is not.", resolution=HOW)
    # A secret store often ends a value with a line break.
    keys = {ids[0]: key_id.strip(), secrets[0]: secret.strip(), token: env.get(token, "").strip()}
    for name, value in keys.items():
        if value or name != token:
            check_key(name, value)
    return static(*keys.values(), name=label)


def _profile(home: Path, name: str, reach: ProviderReach) -> CredentialSource:
    profiles = Profiles.read(home / ".aliyun" / "config.json")
    chosen = profiles.named(name)
    label = f"profile {name} ({mode_of(chosen)})"
    build = provider_of(profiles, name, reach)
    region = str(chosen.get("region_id") or "")
    if chosen.get("mode") != "StsToken":
        return CredentialSource(label, build, region)
    return CredentialSource(label, build, region, _end(name, chosen), renewed=False)


def _end(name: str, profile: Mapping[str, Any]) -> datetime | None:
    """When a profile's token ends: ``sts_expiration``, seconds since 1970, which may be absent.

    Raises CredentialsError for what is no time of this millennium, such as milliseconds.
    """
    seconds = profile.get("sts_expiration")
    if not isinstance(seconds, int) or seconds <= 0:
        return None
    if seconds >= _YEAR_3000:
        raise CredentialsError(
            f"Profile {name}: sts_expiration is no time: it counts seconds since 1970.",
            resolution=f"Run `aliyun configure --profile {name}`, or set it to 0.",
        )
    return datetime.fromtimestamp(seconds, UTC)


def _ambient(env: Mapping[str, str], home: Path, reach: ProviderReach) -> CredentialSource | None:
    """What the machine offers where neither a profile nor a key is named."""
    return (
        _oidc(env, reach)
        or _current(env, home, reach)
        or _file(env, home, reach)
        or _ecs_role(env, reach)
        or _credentials_uri(env, reach)
    )


def _current(env: Mapping[str, str], home: Path, reach: ProviderReach) -> CredentialSource | None:
    """The current profile of the aliyun CLI, unless it is as empty as an installation leaves it."""
    path = home / ".aliyun" / "config.json"
    disabled = env.get("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "").lower() == "true"
    if disabled or not path.exists():
        return None
    profiles = Profiles.read(path)
    if not profiles.current or profiles.never_filled(profiles.current):
        return None
    return _profile(home, profiles.current, reach)


def _file(env: Mapping[str, str], home: Path, reach: ProviderReach) -> CredentialSource | None:
    """The SDKs' own file."""
    path = credentials_file.find_file(env, home)
    if path is None:
        return None
    named = bool(env.get(credentials_file.VARIABLE))
    found = credentials_file.read_section(path, named=named)
    if found is None:
        return None
    section = credentials_file.SECTION
    mode = mode_of(found.named(section))
    build = provider_of(found, section, reach)
    return CredentialSource(f"[{section}] of {path} ({mode})", build, renewed=mode != "StsToken")


def _oidc(env: Mapping[str, str], reach: ProviderReach) -> CredentialSource | None:
    profile = {key: env.get(name) for key, name in _OIDC_NAMES.items()}
    there = next((name for name in _OIDC_NAMES.values() if name != _ROLE_ARN and env.get(name)), "")
    # The role's variable by itself is no sign of a token: Terraform reads it, too.
    if not there:
        return None
    lacking = [name for name in _OIDC_NAMES.values() if not env.get(name)]
    if lacking:
        raise CredentialsError(
            f"{there} is set and {' and '.join(lacking)} is not.",
            resolution="An OIDC token takes all of them; unset them if none is meant.",
        )
    profile["role_session_name"] = env.get("ALIBABA_CLOUD_ROLE_SESSION_NAME")
    name = "the OIDC token of ALIBABA_CLOUD_OIDC_TOKEN_FILE"
    return CredentialSource(name, lambda: reach.sts.oidc(profile))


def _credentials_uri(env: Mapping[str, str], reach: ProviderReach) -> CredentialSource | None:
    uri = env.get("ALIBABA_CLOUD_CREDENTIALS_URI")
    if not uri:
        return None
    name = "ALIBABA_CLOUD_CREDENTIALS_URI"
    return CredentialSource(name, lambda: by_uri({"credentials_uri": uri}, reach))


def _ecs_role(env: Mapping[str, str], reach: ProviderReach) -> CredentialSource | None:
    role = env.get("ALIBABA_CLOUD_ECS_METADATA")
    if not role or env.get("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "").lower() == "true":
        return None
    profile = {"ram_role_name": role}
    return CredentialSource(f"the ECS RAM role {role}", lambda: ecs_role(profile, reach))
