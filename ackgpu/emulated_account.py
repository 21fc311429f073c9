"""The embedded emulated account, and the environment that leads to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ackgpu.errors import LocalError

if TYPE_CHECKING:
    from contextlib import ExitStack

    from ackgpu.emulator import Emulator
    from ackgpu.emulator.attached import Attached

OVERRIDDEN_BY_EMULATOR = (
    "ACKGPU_EMULATOR",
    "ACKGPU_ENDPOINT_",
    "ACKGPU_ACCESS_KEY_",
    "ACKGPU_SECURITY_TOKEN",
    "ACKGPU_PROFILE",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALICLOUD_",
)
"""Variables that an emulator overrules, as they would lead to another cloud or sign for one."""


def leading_to(own: Mapping[str, str], emulator: Mapping[str, str]) -> dict[str, str]:
    """The environment ``own`` with the variables of an ``emulator`` in force."""
    kept = {key: value for key, value in own.items() if not key.startswith(OVERRIDDEN_BY_EMULATOR)}
    return {**kept, **emulator}


def open_account(state_dir: Path, closing: ExitStack) -> Emulator | Attached:
    """The account below ``state_dir``: served by this process, or by the one that does already.

    It is open until ``closing`` is closed.

    Raises LocalError if it cannot be kept there, or cannot be read.
    """
    from ackgpu.emulator import Emulator
    from ackgpu.emulator.shared.spread import SPREAD
    from ackgpu.emulator.store import NoAccountError

    directory = state_dir / "emulator"
    try:
        opened = Emulator.attach_or_start(directory, spread=SPREAD)
        closing.enter_context(opened)
    except NoAccountError as error:
        raise LocalError(
            f"The emulated account cannot be opened: {error}.",
            resolution=f"Remove {error.path}; the next command makes a new account.",
        ) from error
    except OSError as error:
        raise LocalError(
            f"The emulator cannot keep its state in {directory}: {error.strerror or error}.",
            resolution="Point ACKGPU_STATE_DIR at a directory that can be written.",
        ) from error
    return opened
