"""``ackgpu delete``."""

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.session import Session


class DeleteFlags(FlagSet):
    """How far a deletion goes, and how it is carried out."""

    retain: Annotated[
        list[str] | None,
        typer.Option(flag.RETAIN, metavar="ID", help="An id that stays, repeatable."),
    ] = None
    dry_run: Annotated[
        bool, typer.Option(flag.DRY_RUN, help="Show what would go and what would stay.")
    ] = False
    yes: on.Yes = False
    must_exist: Annotated[
        bool, typer.Option("--must-exist", help="Exit 5 where there is nothing to delete.")
    ] = False
    disable_protection: Annotated[
        bool,
        typer.Option(flag.DISABLE_PROTECTION, help="Switch its deletion protection off first."),
    ] = False
    wait: on.Wait = True
    timeout: on.Timeout = None
    kubeconfig: on.Kubeconfig = None


def delete(session: Session, name: on.ClusterName, how: DeleteFlags) -> Came:
    """Remove a cluster and all that was made for it, and read back that it is gone.

    Works from any machine, on a cluster in any state and on half of one. What is not there is no
    error.

    Example: ackgpu delete demo --yes
    """
    from ackgpu.commands.cluster.delete import DeleteOptions, execute

    return execute(DeleteOptions(name=name, **how.given()), session)
