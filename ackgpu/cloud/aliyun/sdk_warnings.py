"""The SDKs' deprecations, which nobody who runs ackgpu can mend."""

from __future__ import annotations

import re
import warnings

_SDKS = r"(.*/)?(alibabacloud_\w+|darabonba|Tea)(\.|/|$)"  # a path while a module is compiled
_SILENT = ("ignore", None, DeprecationWarning, re.compile(_SDKS), 0)


def silence() -> None:
    """Ignore deprecations in the SDKs' modules and nowhere else, whatever ``-W`` says.

    ``alibabacloud_tea_openapi`` signs with datetime's ``utcnow``, deprecated since Python 3.12:
    under ``-W error`` no call would be sent. To be repeated before each use of an SDK, since
    pytest and ``warnings.catch_warnings`` put other filters in front.
    """
    if warnings.filters[:1] != [_SILENT]:
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=_SDKS)
