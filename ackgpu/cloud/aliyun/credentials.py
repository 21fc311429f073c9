"""Which credentials sign the calls, and from where: the first source that is set decides.

Order: ``--profile``; ``ACKGPU_*``; ``ALIBABA_CLOUD_*``; ``ALICLOUD_*``; the profile that
``ALIBABA_CLOUD_PROFILE`` names, or the current one, of ``~/.aliyun/config.json``; an OIDC token;
the ECS RAM role where ``ALIBABA_CLOUD_ECS_METADATA`` names one. A source that is set and broken is
an error, never passed over. The metadata service is asked only where a role was named, so that
nothing hangs off ECS. With an emulator, a profile is used only where it was asked for by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ackgpu.cloud.aliyun.profiles import Profiles, by_token, by_uri, ecs_role, provider_of
from ackgpu.errors import CredentialsError

_HOW = (
    "Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run `aliyun configure`"
    " and choose the profile with --profile; on ECS set ALIBABA_CLOUD_ECS_METADATA to the RAM role."
)
_HOW_EMULATED = (
    "Export what `ackgpu emulator serve` printed under env, or use --emulator; "
    "a real profile signs for a loopback endpoint only where --profile names it."
)
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
        from alibabacloud_credentials.client import Client

        return Client(provider=self.provider())

    def provider(self) -> Any:
        """The SDK's provider; raises CredentialsError where it cannot be made."""
        from alibabacloud_credentials.exceptions import CredentialException

        try:
            return self.build()
        except (CredentialException, ValueError, OSError) as error:
            raise CredentialsError(
                f"The credentials of {self.name} cannot be used: {error}", resolution=_HOW
            ) from None


def static(key_id: str, secret: str, token: str = "", *, name: str = "keys") -> CredentialSource:
    """An access key, temporary where it comes with a security ``token``."""

    def build() -> Any:
        from alibabacloud_credentials import provider as providers

        keys = {"access_key_id": key_id, "access_key_secret": secret}
        if token:
            return providers.StaticSTSCredentialsProvider(**keys, security_token=token)
        return providers.StaticAKCredentialsProvider(**keys)

    return CredentialSource(name, build, renewed=not token)


def find(
    env: Mapping[str, str], home: Path, *, profile: str = "", emulated: bool = False
) -> CredentialSource:
    """The credentials to use; raises CredentialsError where there are none or they are broken.

    ``profile`` is the --profile flag. ``emulated``: every endpoint is on loopback.
    """
    if profile:
        return _profile(home, profile)
    own, *others = (_keys(env, *names) for names in _KEY_NAMES)
    if own:
        return own
    if env.get("ACKGPU_PROFILE") and not emulated:
        return _profile(home, env["ACKGPU_PROFILE"])
    for keys in others:
        if keys:
            return keys
    if emulated:
        raise CredentialsError(
            "No credentials for the emulator were found.", resolution=_HOW_EMULATED
        )
    found = _ambient(env, home)
    if found is None:
        raise CredentialsError(
            "No Alibaba Cloud credentials were found.",
            resolution=f"{_HOW} Without an account: --emulator.",
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
        raise CredentialsError(f"{there} is set and {lacking} is not.", resolution=_HOW)
    return static(key_id.strip(), secret.strip(), env.get(token, "").strip(), name=label)


def _profile(home: Path, name: str) -> CredentialSource:
    profiles = Profiles.read(home / ".aliyun" / "config.json")
    chosen = profiles.named(name)
    label = f"profile {name} ({chosen.get('mode') or 'AK'})"
    build = provider_of(profiles, name)
    region = str(chosen.get("region_id") or "")
    if chosen.get("mode") != "StsToken":
        return CredentialSource(label, build, region)
    return CredentialSource(label, build, region, _end(chosen), renewed=False)


def _end(profile: Mapping[str, Any]) -> datetime | None:
    """When a profile's token ends: ``sts_expiration``, seconds since 1970, which may be absent."""
    seconds = profile.get("sts_expiration")
    if not isinstance(seconds, int) or seconds <= 0:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _ambient(env: Mapping[str, str], home: Path) -> CredentialSource | None:
    """What the machine offers where no key and no profile was named for ackgpu."""
    if env.get("ALIBABA_CLOUD_PROFILE"):
        return _profile(home, env["ALIBABA_CLOUD_PROFILE"])
    path = home / ".aliyun" / "config.json"
    disabled = env.get("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "").lower() == "true"
    if path.exists() and not disabled:
        current = Profiles.read(path).current
        if current:
            return _profile(home, current)
    return _oidc(env) or _credentials_uri(env) or _ecs_role(env)


def _oidc(env: Mapping[str, str]) -> CredentialSource | None:
    profile = {
        "ram_role_arn": env.get("ALIBABA_CLOUD_ROLE_ARN"),
        "oidc_provider_arn": env.get("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"),
        "oidc_token_file": env.get("ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
    }
    if not all(profile.values()):
        return None
    profile["role_session_name"] = env.get("ALIBABA_CLOUD_ROLE_SESSION_NAME")
    name = "the OIDC token of ALIBABA_CLOUD_OIDC_TOKEN_FILE"
    return CredentialSource(name, lambda: by_token(profile))


def _credentials_uri(env: Mapping[str, str]) -> CredentialSource | None:
    uri = env.get("ALIBABA_CLOUD_CREDENTIALS_URI")
    if not uri:
        return None
    name = "ALIBABA_CLOUD_CREDENTIALS_URI"
    return CredentialSource(name, lambda: by_uri({"credentials_uri": uri}))


def _ecs_role(env: Mapping[str, str]) -> CredentialSource | None:
    role = env.get("ALIBABA_CLOUD_ECS_METADATA")
    if not role or env.get("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "").lower() == "true":
        return None
    return CredentialSource(f"the ECS RAM role {role}", lambda: ecs_role({"ram_role_name": role}))
