"""A login for nodes that nobody logs in to: given only if the service demands one.

The SDK's text asks for a key pair or a password; the vendor's command line sends neither, and works
on the real cloud. So a pool is asked for without, which leaves its nodes closed, and once more with
a password that is kept nowhere if that is refused.
"""

from __future__ import annotations

import re
import secrets
import string

from ackgpu.errors import CloudError
from ackgpu.redaction import learn

_DEMAND = re.compile(r"key_?pair.*(login_?)?password|(login_?)?password.*key_?pair", re.IGNORECASE)
_LENGTH = 30
"""The longest that ECS takes (RunInstances, Password)."""
_ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_+=.")


def demands_login(error: CloudError) -> bool:
    """Whether a refusal is for want of a key pair or password. Its code is not published."""
    return bool(_DEMAND.search(error.message))


def unknown_password() -> str:
    """A password of ECS's longest length that is told to nobody."""
    letters = [secrets.choice(alphabet) for alphabet in _ALPHABETS]
    rest = _LENGTH - len(letters)
    letters += [secrets.choice("".join(_ALPHABETS)) for _ in range(rest)]
    secrets.SystemRandom().shuffle(letters)
    password = "".join(letters)
    learn(password)
    return password
