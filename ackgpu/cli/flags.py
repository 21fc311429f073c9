"""Flags and arguments that many commands share, whatever they do."""

from pathlib import Path
from typing import Annotated

import typer

Kubeconfig = Annotated[
    Path | None,
    typer.Option("--kubeconfig", help="Another kubeconfig file."),
]  # fmt: skip
Timeout = Annotated[
    str | None,
    typer.Option("--timeout", metavar="DURATION", help="How long it may take, such as 45m."),
]  # fmt: skip
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Watch = Annotated[
    bool, typer.Option("--watch", "-w", help="Look again and again, and show what changes.")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is done.")]
ClusterName = Annotated[str, typer.Argument(help="The cluster's name.")]
