"""STS: who the credentials are."""

from __future__ import annotations

from ackgpu.cloud.aliyun.calls import Calls, required
from ackgpu.cloud.aliyun.credentials import CredentialSource
from ackgpu.cloud.aliyun.shared_reads import A_RUN, shared_for
from ackgpu.cloud.api import Identity


class AliyunIdentity:
    """:class:`~ackgpu.cloud.api.IdentityApi` over STS 2015-04-01."""

    def __init__(self, calls: Calls, source: CredentialSource) -> None:
        self._calls = calls
        self._source = source

    @shared_for(A_RUN)
    def whoami(self) -> Identity:
        """Whose credentials these are; GetCallerIdentity needs no permission."""
        body = self._calls.read("GetCallerIdentity")
        return Identity(
            account_id=required("GetCallerIdentity", body, "account_id"),
            arn=body.arn or "",
            kind=body.identity_type or "",
            expires=self._source.expires,
            renewed=self._source.renewed,
        )
