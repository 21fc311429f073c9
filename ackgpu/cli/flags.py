"""Flags and arguments that many commands share, whatever they do."""

from pathlib import Path
from typing import Annotated

import typer

from ackgpu import flag

Kubeconfig = Annotated[
    Path | None,
    typer.Option(flag.KUBECONFIG, help="Another kubeconfig file."),
]  # fmt: skip
Timeout = Annotated[
    str | None,
    typer.Option(flag.TIMEOUT, metavar="DURATION", help="How long it may take, such as 45m."),
]  # fmt: skip
Yes = Annotated[bool, typer.Option(flag.YES, "-y", help="Do not ask.")]
Watch = Annotated[
    bool, typer.Option(flag.WATCH, "-w", help="Look again and again, and show what changes.")
]
Wait = Annotated[bool, typer.Option(f"--wait/{flag.NO_WAIT}", help="Wait until it is done.")]
ClusterName = Annotated[str, typer.Argument(help="The cluster's name.")]
