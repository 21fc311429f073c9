"""Where journals, logs and the emulator's account are kept.

Without pathlib, and without platformdirs: the one costs as many instructions as Python's own start,
the other five times as many, and completion answers from here at each TAB.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "ACKGPU_STATE_DIR"


def state_dir(env: Mapping[str, str], platform: str = sys.platform) -> str:
    """The directory that ``env`` names, else the platform's for a program's state.

    Sources: the XDG Base Directory Specification 0.8 (``XDG_STATE_HOME`` counts only if it is
    absolute); Apple's File System Programming Guide ("Application Support").

    Raises ValueError for a path below the home of a user that does not exist, and OSError for a
    relative one if the working directory is gone.
    """
    given = env.get(VARIABLE)
    if given:
        path = os.path.expanduser(given)
        if path.startswith("~"):
            raise ValueError(f"{path.partition('/')[0]} has no home directory")
        return os.path.abspath(path)
    home = env.get("HOME") or os.path.expanduser("~")
    if platform == "darwin":
        return os.path.join(home, "Library", "Application Support", "ackgpu")
    base = env.get("XDG_STATE_HOME", "")
    return os.path.join(base if os.path.isabs(base) else f"{home}/.local/state", "ackgpu")
