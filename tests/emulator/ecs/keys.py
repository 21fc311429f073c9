"""The products seen with other keys than the account's own."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import alibabacloud_sts20150401.models as sts_models
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config

from ackgpu.emulator import Emulator
from tests.emulator.net.apis import REGION, Api
from tests.support.shapes import unknown_keys


@dataclass(frozen=True)
class Keys:
    """An access key and where it is good for."""

    endpoint: str
    access_key_id: str
    access_key_secret: str
    security_token: str | None = None

    def config(self) -> Config:
        """The SDKs' settings for these keys."""
        return Config(
            access_key_id=self.access_key_id,
            access_key_secret=self.access_key_secret,
            security_token=self.security_token,
            endpoint=self.endpoint.removeprefix("http://"),
            protocol="http",
            region_id=REGION,
        )

    def api(self, client_cls: type[Any], models: ModuleType) -> Api:
        """A product as these keys see it."""
        config = self.config()

        class Signed(client_cls):
            def __init__(self, _config: Config) -> None:
                super().__init__(config)

        return Api(Signed, models, self)

    def identity(self) -> dict[str, Any]:
        """What GetCallerIdentity says."""
        body = StsClient(self.config()).get_caller_identity().body.to_map()
        assert unknown_keys(sts_models.GetCallerIdentityResponseBody, body) == []
        return dict(body)

    def alias(self) -> dict[str, Any]:
        """What GetAccountAlias says; like GetCallerIdentity it takes no request."""
        return dict(RamClient(self.config()).get_account_alias().body.to_map())

    def assumed(self, role_arn: str, **more: Any) -> dict[str, Any]:
        """What AssumeRole answers."""
        request = sts_models.AssumeRoleRequest(
            role_arn=role_arn, role_session_name="session", **more
        )
        return dict(StsClient(self.config()).assume_role(request).body.to_map())

    def assume(self, role_arn: str, **more: Any) -> Keys:
        """The temporary keys of a role."""
        got = self.assumed(role_arn, **more)["Credentials"]
        return Keys(self.endpoint, got["AccessKeyId"], got["AccessKeySecret"], got["SecurityToken"])


def keys_of(emulator: Emulator) -> Keys:
    """The account's own."""
    return Keys(emulator.endpoint, emulator.access_key_id, emulator.access_key_secret)
