"""Profiles of ``~/.aliyun/config.json``, as the ``aliyun`` CLI writes them.

The file is read here rather than by the SDK, so that a broken profile is named and never passed
over; the modes themselves are the providers of ``alibabacloud-credentials``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.errors import CredentialsError

_FIX = "Run `aliyun configure --profile {name}`, or choose another with --profile."
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "AK": ("access_key_id", "access_key_secret"),
    "StsToken": ("access_key_id", "access_key_secret", "sts_token"),
    "RamRoleArn": ("access_key_id", "access_key_secret", "ram_role_arn"),
    "ChainableRamRoleArn": ("source_profile", "ram_role_arn"),
    "OIDC": ("ram_role_arn", "oidc_provider_arn", "oidc_token_file"),
    "EcsRamRole": (),
    "CredentialsURI": ("credentials_uri",),
    "External": ("process_command",),
    "CloudSSO": ("cloud_sso_sign_in_url", "access_token"),
    "OAuth": ("oauth_refresh_token",),
}
# The SDK's own reader keeps their tokens fresh in the file.
_KEPT_BY_SDK = frozenset({"External", "CloudSSO", "OAuth"})


@dataclass(frozen=True)
class Profiles:
    """The profiles of a configuration file, by name."""

    path: Path
    current: str
    by_name: Mapping[str, Mapping[str, Any]]

    def __repr__(self) -> str:
        return f"<profiles of {self.path}: {', '.join(self.by_name)}>"

    @classmethod
    def read(cls, path: Path) -> Profiles:
        """The file's profiles; raises CredentialsError where it is absent or not its JSON."""
        try:
            content = json.loads(path.read_text(encoding="utf-8-sig"))
            rows = content.get("profiles") or []
            by_name = {str(row["name"]): row for row in rows}
        except OSError as error:
            raise CredentialsError(
                f"The profiles cannot be read: {path}: {error.strerror}",
                resolution="Run `aliyun configure`, or give the keys in the environment.",
            ) from None
        except (ValueError, AttributeError, KeyError, TypeError):
            raise CredentialsError(
                f"{path} is not a configuration of the aliyun CLI.",
                resolution="Repair it or move it away, then run `aliyun configure`.",
            ) from None
        return cls(path, str(content.get("current") or ""), by_name)

    def named(self, name: str) -> Mapping[str, Any]:
        """The profile; raises CredentialsError where there is none or it lacks something."""
        profile = self.by_name.get(name)
        if profile is None:
            known = ", ".join(sorted(self.by_name)) or "none"
            raise CredentialsError(
                f"There is no profile {name} in {self.path}; it has: {known}.",
                resolution=_FIX.format(name=name),
            )
        mode = str(profile.get("mode") or "AK")
        if mode not in _NEEDED:
            raise CredentialsError(
                f"Profile {name} has the mode {mode}, which ackgpu does not know.",
                resolution=f"Use one of: {', '.join(_NEEDED)}.",
            )
        lacking = [key for key in _NEEDED[mode] if not profile.get(key)]
        if lacking:
            raise CredentialsError(
                f"Profile {name} ({mode}) lacks {', '.join(lacking)}.",
                resolution=_FIX.format(name=name),
            )
        return profile


def provider_of(profiles: Profiles, name: str) -> Callable[[], Any]:
    """What builds the SDK's provider for a profile; raises CredentialsError where it is broken.

    A chain of source profiles is followed at once, so that a broken link or a circle is found
    before anything is called.
    """
    chain = [name]
    while profiles.named(chain[-1]).get("mode") == "ChainableRamRoleArn":
        source = str(profiles.named(chain[-1])["source_profile"])
        if source in chain:
            raise CredentialsError(
                f"The source profiles of {name} go in a circle: {' → '.join([*chain, source])}.",
                resolution=_FIX.format(name=name),
            )
        chain.append(source)
    return lambda: _provider(profiles, chain)


def _provider(profiles: Profiles, chain: list[str]) -> Any:
    profile = profiles.named(chain[0])
    mode = str(profile.get("mode") or "AK")
    if mode == "ChainableRamRoleArn":
        return _assumed(profile, _provider(profiles, chain[1:]))
    if mode in _KEPT_BY_SDK:
        return _kept(profiles, chain[0])
    return _BUILDERS[mode](profile)


def _kept(profiles: Profiles, name: str) -> Any:
    from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

    return CLIProfileCredentialsProvider(profile_name=name, profile_file=str(profiles.path))


def _static(profile: Mapping[str, Any]) -> Any:
    from alibabacloud_credentials.provider import StaticAKCredentialsProvider

    return StaticAKCredentialsProvider(**_keys(profile))


def _temporary(profile: Mapping[str, Any]) -> Any:
    from alibabacloud_credentials.provider import StaticSTSCredentialsProvider

    return StaticSTSCredentialsProvider(**_keys(profile), security_token=profile["sts_token"])


def _role(profile: Mapping[str, Any]) -> Any:
    return _assumed(profile, _static(profile))


def ecs_role(profile: Mapping[str, Any]) -> Any:
    """The instance's RAM role, ``ram_role_name``; any that it has where that is absent."""
    from alibabacloud_credentials.provider import EcsRamRoleCredentialsProvider

    # async_update_enabled would leave a scheduler's thread behind.
    role = profile.get("ram_role_name")
    return EcsRamRoleCredentialsProvider(role_name=role, async_update_enabled=False)


def by_uri(profile: Mapping[str, Any]) -> Any:
    """What the service at ``credentials_uri`` gives."""
    from alibabacloud_credentials.provider import URLCredentialsProvider

    return URLCredentialsProvider(uri=profile["credentials_uri"])


def _keys(profile: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(profile[key]) for key in ("access_key_id", "access_key_secret")}


def _assumed(profile: Mapping[str, Any], source: Any) -> Any:
    from alibabacloud_credentials.provider import RamRoleArnCredentialsProvider

    return RamRoleArnCredentialsProvider(
        credentials_provider=source,
        role_arn=profile["ram_role_arn"],
        role_session_name=profile.get("ram_session_name") or "ackgpu",
        duration_seconds=profile.get("expired_seconds") or None,
        policy=profile.get("policy"),
        external_id=profile.get("external_id"),
        sts_region_id=profile.get("sts_region"),
        enable_vpc=profile.get("enable_vpc"),
    )


def by_token(profile: Mapping[str, Any]) -> Any:
    """The role ``ram_role_arn``, assumed with the OIDC token of ``oidc_token_file``."""
    from alibabacloud_credentials.provider import OIDCRoleArnCredentialsProvider

    return OIDCRoleArnCredentialsProvider(
        role_arn=profile["ram_role_arn"],
        oidc_provider_arn=profile["oidc_provider_arn"],
        oidc_token_file_path=profile["oidc_token_file"],
        role_session_name=profile.get("role_session_name") or "ackgpu",
        duration_seconds=profile.get("expired_seconds") or None,
        policy=profile.get("policy"),
        sts_region_id=profile.get("sts_region"),
        enable_vpc=profile.get("enable_vpc"),
    )


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "AK": _static,
    "StsToken": _temporary,
    "RamRoleArn": _role,
    "OIDC": by_token,
    "EcsRamRole": ecs_role,
    "CredentialsURI": by_uri,
}
