"""Keys that end: of a role assumed at STS, of a program. Kept, and fetched again before their end.

Written here and not taken from ``alibabacloud-credentials``, whose providers go to STS by HTTPS
alone (an emulator could not be asked, so the real STS was), follow what a proxy answers without a
bound, and quote answers that hold keys in their errors. STS is asked by its official SDK.
"""

from __future__ import annotations

import json
import shlex
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ackgpu.clock import SystemClock
from ackgpu.cloud.aliyun.endpoints import Endpoint
from ackgpu.cloud.aliyun.errors import translate
from ackgpu.credential_program import PROGRAM_SECONDS, Program
from ackgpu.errors import AckGpuError, CredentialsError, Transient
from ackgpu.redaction import learn
from ackgpu.small_file import MIB, read_small, why

_PART_LEFT = 0.1
"""They are fetched anew when less than this part of their life is left."""
_SESSION = "ackgpu"
_SHORTEST_SECONDS = 900


@dataclass(frozen=True)
class Keys:
    """A key pair with its token, and the wall clock's time at which it ends, if it does."""

    key_id: str
    secret: str
    token: str = ""
    expires: datetime | None = None

    def as_sdk(self, provider: str) -> Any:
        """What the SDK's providers give."""
        from alibabacloud_credentials.provider.refreshable import Credentials

        return Credentials(
            access_key_id=self.key_id,
            access_key_secret=self.secret,
            security_token=self.token or None,
            provider_name=provider,
        )


class TemporaryKeys:
    """A provider, as SDK clients take it, of what ``fetch`` gives. Safe to use from threads."""

    def __init__(self, name: str, fetch: Callable[[], Keys]) -> None:
        self._name = name
        self._fetch = fetch
        self._lock = threading.Lock()
        self._keys: Keys | None = None
        self._until: datetime | None = None

    def get_credentials(self) -> Any:
        """The keys; raises CredentialsError where there are none, Transient where it may pass."""
        # One thread fetches and the others wait, or each worker would assume the role anew.
        with self._lock:
            # Not the run's clock: keys end by the real calendar, however fast an emulator runs.
            now = SystemClock().wall()
            if self._keys is None or (self._until is not None and now >= self._until):
                self._keys = self._fetch()
                end = self._keys.expires
                self._until = end and now + (end - now) * (1 - _PART_LEFT)
            return self._keys.as_sdk(self._name)

    def get_provider_name(self) -> str:
        """The kind of provider."""
        return self._name


@dataclass(frozen=True)
class Sts:
    """The security token service; without ``endpoint`` the one of the profile's region.

    ``region`` and ``vpc`` stand in where the profile says neither.
    """

    endpoint: Endpoint | None = None
    region: str = ""
    vpc: bool = False

    def role(self, profile: Mapping[str, Any], source: Any) -> TemporaryKeys:
        """The role ``ram_role_arn``, assumed with the keys of the provider ``source``."""
        fields = {
            "role_arn": profile["ram_role_arn"],
            "role_session_name": profile.get("ram_session_name") or _SESSION,
            "duration_seconds": _duration(profile),
            "policy": profile.get("policy") or None,
            "external_id": profile.get("external_id") or None,
        }

        def fetch() -> Keys:
            from alibabacloud_credentials.client import Client

            client = self._client(profile, Client(provider=source))
            return _assumed("AssumeRole", client.assume_role, fields)

        return TemporaryKeys("ram_role_arn", fetch)

    def oidc(self, profile: Mapping[str, Any]) -> TemporaryKeys:
        """The role ``ram_role_arn``, assumed with the OIDC token of ``oidc_token_file``.

        Raises CredentialsError where there is no token to read.
        """
        file = Path(str(profile["oidc_token_file"]))
        _token_in(file)
        fields = {
            "role_arn": profile["ram_role_arn"],
            "oidcprovider_arn": profile["oidc_provider_arn"],
            "role_session_name": profile.get("role_session_name") or _SESSION,
            "duration_seconds": _duration(profile),
            "policy": profile.get("policy") or None,
        }

        def fetch() -> Keys:
            client = self._client(profile, None)
            given = {**fields, "oidctoken": _token_in(file)}  # a pod's token is renewed in its file
            return _assumed(
                "AssumeRoleWithOIDC",
                client.assume_role_with_oidc,
                given,
            )

        return TemporaryKeys("oidc_role_arn", fetch)

    def _client(self, profile: Mapping[str, Any], credential: Any) -> Any:
        from ackgpu.cloud.aliyun.clients import configured, load

        region = str(profile.get("sts_region") or self.region)
        prefix = "sts-vpc" if profile.get("enable_vpc", self.vpc) and region else "sts"
        host = f"{prefix}.{region}.aliyuncs.com" if region else "sts.aliyuncs.com"
        return load("STS")(configured(credential, region, self.endpoint or Endpoint(host)))


def of_program(command: str, title: str, *, seconds: float = PROGRAM_SECONDS) -> TemporaryKeys:
    """The keys that a program prints as JSON, as the aliyun CLI's mode External has it.

    Raises CredentialsError where ``command`` cannot be one.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CredentialsError(f"{title} cannot be run: {error}.") from None
    if not words:
        raise CredentialsError(f"{title} cannot be run: it is empty.")
    program = Program(title, words, {})

    def fetch() -> Keys:
        try:
            found = json.loads(program.output(seconds))
            keys = Keys(
                found["access_key_id"],
                found["access_key_secret"],
                found.get("sts_token") or "",
                _instant(found.get("expiration")),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise CredentialsError(
                f"{title} did not print its keys as JSON.",
                resolution="It has to print access_key_id and access_key_secret, and sts_token and"
                " expiration where they are temporary.",
            ) from None
        if found.get("mode") == "StsToken" and not keys.token:
            raise CredentialsError(f"{title} printed keys of mode StsToken without sts_token.")
        return keys

    return TemporaryKeys("external", fetch)


def _assumed(action: str, call: Callable[[Any], Any], fields: Mapping[str, Any]) -> Keys:
    from ackgpu.cloud.aliyun.clients import models

    failure: AckGpuError | None = None
    handled = sys.exception()
    try:
        answer = call(getattr(models("STS"), f"{action}Request")(**fields)).body.credentials
        return Keys(
            answer.access_key_id,
            answer.access_key_secret,
            answer.security_token,
            _instant(answer.expiration),
        )
    except AttributeError:  # an answer without credentials
        failure = CredentialsError(f"{action} was answered without credentials.")
    except Exception as error:  # noqa: BLE001 -- SDKs raise what they like
        failure = translate(action, error, handled)
    if isinstance(failure, Transient | CredentialsError) or failure.exits_with == 4:  # noqa: PLR2004
        raise failure
    raise CredentialsError(
        f"The role could not be assumed: {failure.message}",
        resolution="Check the role's name and its trust policy: it has to name this caller.",
        details=failure.details,
    )


def _token_in(file: Path) -> str:
    """The OIDC token, which a file of a pod holds."""
    try:
        token = read_small(file, MIB).decode().strip()
    except OSError as error:
        raise CredentialsError(
            f"The OIDC token cannot be read: {file}: {why(error)}.",
            resolution="Check ALIBABA_CLOUD_OIDC_TOKEN_FILE, or the profile's oidc_token_file.",
        ) from None
    except UnicodeDecodeError:
        token = ""
    if not token:
        raise CredentialsError(f"There is no OIDC token in {file}.")
    learn(token)
    return token


def _duration(profile: Mapping[str, Any]) -> int | None:
    """The seconds that the keys shall last; STS gives no fewer than 900."""
    seconds = profile.get("expired_seconds")
    if not seconds:
        return None
    if not isinstance(seconds, int) or seconds < _SHORTEST_SECONDS:
        raise CredentialsError(f"expired_seconds is {seconds!a}: STS gives 900 seconds and more.")
    return seconds


def _instant(text: str | None) -> datetime | None:
    """The time that STS and programs give, such as 2026-11-30T08:00:00Z."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
