"""``completion``: the script that a shell loads to complete command lines.

What it offers is answered by :mod:`ackgpu.cli.complete`, without any of this.
"""

from __future__ import annotations

from importlib.resources import files

from ackgpu.output_forms import DOCUMENTS
from ackgpu.render.results import Facts, PlainText, Result
from ackgpu.session import Session


def execute(shell: str, session: Session) -> Result:
    """Print the script for ``shell``: bash, zsh or fish."""
    script = (files("ackgpu.commands") / "data" / f"completion.{shell}").read_text(encoding="utf-8")
    documented = session.settings.output in DOCUMENTS
    part = Facts(facts={"script": script}) if documented else PlainText(text=script)
    return Result(command="completion", part=part)
