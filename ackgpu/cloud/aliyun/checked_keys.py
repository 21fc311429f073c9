"""Keys as a provider gives them: checked before they are used, and errors in our own words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ackgpu import flag
from ackgpu.errors import AckGpuError, CredentialsError
from ackgpu.redaction import learn

HOW = (
    "Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run `aliyun configure`"
    f" and choose the profile with {flag.PROFILE}; on ECS set ALIBABA_CLOUD_ECS_METADATA to"
    " the RAM role."
)

_KEY = re.compile(r"[!-~]+")
_MASKED_FROM = 12
_NETWORK = frozenset({"RetryError", "RequestException", "HTTPError"})
_CODE_AND_MESSAGE = re.compile(r'"(?:Code|Message|error_description)"\s*:\s*"([^"]{1,300})"')


class Checked:
    """A provider as SDK clients take it: its keys are keys, and its errors are ours."""

    def __init__(self, inner: Any, source: str) -> None:
        self._inner = inner
        self._source = source

    def get_credentials(self) -> Any:
        """The keys; raises CredentialsError where they cannot be had or are none."""
        found = worded(self._source, self._inner.get_credentials)
        secrets = found.get_access_key_secret(), found.get_security_token()
        # Learnt before they are looked at, so that no error below can quote one.
        learn(*secrets)
        check_key(f"The access key id of {self._source}", found.get_access_key_id())
        check_key(f"The access key secret of {self._source}", secrets[0])
        if secrets[1]:
            check_key(f"The security token of {self._source}", secrets[1])
        return found

    def get_provider_name(self) -> str:
        """The kind of provider."""
        return str(self._inner.get_provider_name())


def check_key(title: str, value: object) -> None:
    """Raise CredentialsError, without a word of ``value``, where it cannot be a key or a token.

    Those are printable ASCII without blanks. Anything else would be refused by the HTTP library
    in words that quote the header, and with it the key.
    """
    if isinstance(value, str) and _KEY.fullmatch(value):
        return
    if not isinstance(value, str) or not value:
        raise CredentialsError(f"{title} is empty.", resolution=HOW)
    at = next(index for index, char in enumerate(value) if not _KEY.fullmatch(char))
    what = "a line break" if value[at] in "\r\n" else "a character"
    raise CredentialsError(
        f"{title} cannot be one: it has {what} that none has, at place {at + 1} of {len(value)}.",
        resolution="Copy it anew, on one line and without blanks.",
    )


def masked(key_id: str) -> str:
    """``LTAI****abcd``: enough for its owner to tell it from another."""
    return f"{key_id[:4]}****{key_id[-4:]}" if len(key_id) >= _MASKED_FROM else "****"


def worded(source: str, get: Callable[[], Any]) -> Any:
    """What ``get`` gives. Whatever else it raises than a lost connection is a CredentialsError.

    The SDK's words may quote an answer, with the keys in it: only its code and message are kept.
    """
    try:
        return get()
    except CredentialsError as error:
        raise CredentialsError(
            f"The credentials of {source} cannot be used: {error.message}",
            resolution=error.resolution or HOW,
            details=error.details,
        ) from None
    except AckGpuError:
        raise
    except Exception as error:
        # Out of the except block before anything is raised:
        # the SDK's error would hang on as its context.
        said = str(error)
        network = any(kind.__name__ in _NETWORK for kind in type(error).__mro__)
        if network:
            raise
    answered = _CODE_AND_MESSAGE.findall(said)
    said = ": ".join(answered) if answered else said.partition("result:")[0].strip(" ,:")
    raise CredentialsError(
        f"The credentials of {source} cannot be used: {said[:300]}", resolution=HOW
    )
