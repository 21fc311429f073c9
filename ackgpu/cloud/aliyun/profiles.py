"""Profiles of ``~/.aliyun/config.json``, as the ``aliyun`` CLI writes them.

The file is read here rather than by the SDK, so that a broken profile is named and never passed
over; most of the modes themselves are the providers of ``alibabacloud-credentials``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ackgpu import flag
from ackgpu.cloud.aliyun.endpoints import Endpoint, is_loopback
from ackgpu.cloud.aliyun.temporary_keys import Sts, of_program
from ackgpu.errors import CredentialsError
from ackgpu.redaction import learn
from ackgpu.small_file import MIB, read_small, why

_FIX = f"Run `aliyun configure --profile {{name}}`, or choose another with {flag.PROFILE}."
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "AK": ("access_key_id", "access_key_secret"),
    "StsToken": ("access_key_id", "access_key_secret", "sts_token"),
    "RamRoleArn": ("access_key_id", "access_key_secret", "ram_role_arn"),
    "ChainableRamRoleArn": ("source_profile", "ram_role_arn"),
    "RamRoleArnWithRoleName": ("ram_role_name", "ram_role_arn"),
    "RamRoleArnWithEcs": ("ram_role_name", "ram_role_arn"),
    "OIDC": ("ram_role_arn", "oidc_provider_arn", "oidc_token_file"),
    "EcsRamRole": (),
    "CredentialsURI": ("credentials_uri",),
    "External": ("process_command",),
    "CloudSSO": (
        "cloud_sso_sign_in_url",
        "cloud_sso_account_id",
        "cloud_sso_access_config",
        "access_token",
        "cloud_sso_access_token_expire",
    ),
    "OAuth": ("oauth_refresh_token",),
}
_SECRETS = (
    "access_key_secret",
    "sts_token",
    "access_token",
    "oauth_access_token",
    "oauth_refresh_token",
    "private_key",
    "credentials_uri",
)
# The SDK's own reader keeps their tokens fresh in the file.
_KEPT_BY_SDK = frozenset({"CloudSSO", "OAuth"})
# What they ask lies elsewhere, whatever the endpoints say.
_ASKS_ELSEWHERE: Mapping[str, str] = {
    "EcsRamRole": "the metadata service of ECS",
    "RamRoleArnWithRoleName": "the metadata service of ECS",
    "RamRoleArnWithEcs": "the metadata service of ECS",
    "CloudSSO": "the CloudSSO portal",
    "OAuth": "the OAuth service",
}
_WEB = frozenset({"http", "https"})


@dataclass(frozen=True)
class ProviderReach:
    """What the providers of a profile may ask: STS where it is, and nothing but loopback or all."""

    sts: Sts = field(default_factory=Sts)
    only_loopback: bool = False


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
            # A file that was edited on Windows may begin with a byte order mark.
            content = json.loads(read_small(path, MIB).decode("utf-8-sig"))
            rows = content.get("profiles") or []
            by_name = {str(row["name"]): row for row in rows}
            learn(*(row.get(key) for row in rows for key in _SECRETS))
        except OSError as error:
            raise CredentialsError(
                f"The profiles cannot be read: {path}: {why(error)}.",
                resolution="Run `aliyun configure`, or give the keys in the environment.",
            ) from None
        except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
            raise CredentialsError(
                f"{path} is not a configuration of the aliyun CLI.",
                resolution="Repair it or move it away, then run `aliyun configure`.",
            ) from None
        return cls(path, str(content.get("current") or ""), by_name)

    def never_filled(self, name: str) -> bool:
        """Whether the profile holds nothing, as in the file that the CLI makes by itself."""
        profile = self.by_name.get(name)
        if profile is None or not _NEEDED.get(mode_of(profile)):
            return False
        return not any(profile.get(key) for needed in _NEEDED.values() for key in needed)

    def named(self, name: str) -> Mapping[str, Any]:
        """The profile; raises CredentialsError where there is none or it lacks something."""
        profile = self.by_name.get(name)
        if profile is None:
            known = ", ".join(sorted(self.by_name)) or "none"
            raise CredentialsError(
                f"There is no profile {name} in {self.path}; it has: {known}.",
                resolution=_FIX.format(name=name),
            )
        mode = mode_of(profile)
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


def mode_of(profile: Mapping[str, Any]) -> str:
    """How a profile gets its keys."""
    return str(profile.get("mode") or "AK")


def provider_of(profiles: Profiles, name: str, reach: ProviderReach) -> Callable[[], Any]:
    """What builds the SDK's provider for a profile; raises CredentialsError where it is broken.

    A chain of source profiles is followed at once, so that a broken link, a circle, or a link that
    ``reach`` forbids is found before anything is called.
    """
    chain = [name]
    while mode_of(profiles.named(chain[-1])) == "ChainableRamRoleArn":
        source = str(profiles.named(chain[-1])["source_profile"])
        # A circle would be followed until Python's stack ends.
        if source in chain:
            raise CredentialsError(
                f"The source profiles of {name} go in a circle: {' → '.join([*chain, source])}.",
                resolution=_FIX.format(name=name),
            )
        chain.append(source)
    last = profiles.named(chain[-1])
    if reach.only_loopback and mode_of(last) in _ASKS_ELSEWHERE:
        asked = _ASKS_ELSEWHERE[mode_of(last)]
        raise CredentialsError(
            f"Profile {chain[-1]} ({mode_of(last)}) asks {asked}, and with an endpoint on loopback"
            " nothing leaves this machine.",
            resolution="Use the keys that the emulator printed, or take the endpoint away.",
        )
    return lambda: _provider(profiles, chain, reach)


def _provider(profiles: Profiles, chain: list[str], reach: ProviderReach) -> Any:
    profile = profiles.named(chain[0])
    mode = mode_of(profile)
    if mode == "ChainableRamRoleArn":
        return reach.sts.role(profile, _provider(profiles, chain[1:], reach))
    if mode in _KEPT_BY_SDK:
        return _kept(profiles, chain[0])
    return _BUILDERS[mode](profile, reach)


def _kept(profiles: Profiles, name: str) -> Any:
    from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

    sign_in = profiles.by_name[name].get("cloud_sso_sign_in_url")
    if sign_in:
        _web_address(str(sign_in), "cloud_sso_sign_in_url")
    return CLIProfileCredentialsProvider(profile_name=name, profile_file=str(profiles.path))


def _static(profile: Mapping[str, Any], _reach: ProviderReach) -> Any:
    from alibabacloud_credentials.provider import StaticAKCredentialsProvider

    return StaticAKCredentialsProvider(**_keys(profile))


def _temporary(profile: Mapping[str, Any], _reach: ProviderReach) -> Any:
    from alibabacloud_credentials.provider import StaticSTSCredentialsProvider

    return StaticSTSCredentialsProvider(**_keys(profile), security_token=str(profile["sts_token"]))


def ecs_role(profile: Mapping[str, Any], _reach: ProviderReach) -> Any:
    """The instance's RAM role, ``ram_role_name``; any that it has where that is absent."""
    from alibabacloud_credentials.provider import EcsRamRoleCredentialsProvider

    # async_update_enabled would leave a scheduler's thread behind.
    role = profile.get("ram_role_name")
    return EcsRamRoleCredentialsProvider(role_name=role, async_update_enabled=False)


def by_uri(profile: Mapping[str, Any], reach: ProviderReach) -> Any:
    """What the service at ``credentials_uri`` gives."""
    from alibabacloud_credentials.provider import URLCredentialsProvider

    uri = str(profile["credentials_uri"])
    learn(uri)
    _web_address(uri, "The credentials URI")
    if reach.only_loopback and not is_loopback(uri):
        raise CredentialsError(
            "The credentials URI is not on loopback, and an endpoint is: nothing leaves this"
            " machine then.",
            resolution="Use the keys that the emulator printed, or take the endpoint away.",
        )
    return URLCredentialsProvider(uri=uri)


def _web_address(uri: str, title: str) -> None:
    try:
        parts = urlsplit(uri)
        usable = parts.scheme.lower() in _WEB and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise CredentialsError(
            f"{title} is not an address: it has to begin with http:// or https:// and name a host.",
        )


def _keys(profile: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(profile[key]) for key in ("access_key_id", "access_key_secret")}


def _by_ecs_role(profile: Mapping[str, Any], reach: ProviderReach) -> Any:
    """A role that the instance's assumes; the CLI writes the first name, and calls it the other."""
    return reach.sts.role(profile, ecs_role(profile, reach))


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any], ProviderReach], Any]] = {
    "AK": _static,
    "StsToken": _temporary,
    "RamRoleArn": lambda profile, reach: reach.sts.role(profile, _static(profile, reach)),
    "RamRoleArnWithRoleName": _by_ecs_role,
    "RamRoleArnWithEcs": _by_ecs_role,
    "OIDC": lambda profile, reach: reach.sts.oidc(profile),
    "EcsRamRole": ecs_role,
    "CredentialsURI": by_uri,
    "External": lambda profile, _reach: of_program(
        str(profile["process_command"]), "The profile's credential program"
    ),
}


def reach_of(env: Mapping[str, str], sts: Endpoint | None, *, only_loopback: bool) -> ProviderReach:
    """What may be asked, with the defaults of STS that the environment names."""
    vpc = env.get("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "").lower() == "true"
    return ProviderReach(Sts(sts, env.get("ALIBABA_CLOUD_STS_REGION", ""), vpc=vpc), only_loopback)
