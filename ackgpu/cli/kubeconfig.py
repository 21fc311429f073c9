"""``ackgpu kubeconfig``."""

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.session import Session

Minutes = Annotated[
    int | None,
    typer.Option(flag.TEMPORARY_MINUTES, help="A certificate that holds this long, 15 to 4320."),
]  # fmt: skip
Private = Annotated[bool, typer.Option(flag.PRIVATE, help="The endpoint within the VPC.")]

GROUP = "Write, show or remove a cluster's context; give its credential."


class WriteFlags(FlagSet):
    """How a context is written."""

    minutes: Minutes = None
    private: Private = False
    set_context: Annotated[
        bool, typer.Option("--set-context", help="Make it the current context.")
    ] = False
    renewing: Annotated[
        bool,
        typer.Option(flag.EXEC, help="Write no key: clients get a short-lived one from ackgpu."),
    ] = False
    path: on.Kubeconfig = None


def write(session: Session, name: on.ClusterName, how: WriteFlags) -> Came:
    """Take a cluster's context over into your kubeconfig; the current context stays.

    Example: ackgpu kubeconfig write demo --set-context
    """
    from ackgpu.commands.kubeconfig import command

    return command.write(command.KubeconfigOptions(name=name, **how.given()), session)


def show(
    session: Session,
    name: on.ClusterName,
    *,
    temporary_minutes: Minutes = None,
    private: Private = False,
) -> Came:
    """Print a cluster's kubeconfig.

    Example: ackgpu kubeconfig show demo --temporary-minutes 60 > demo.yaml
    """
    from ackgpu.commands.kubeconfig import command

    options = command.KubeconfigOptions(name=name, minutes=temporary_minutes, private=private)
    return command.show(options, session)


def remove(session: Session, name: on.ClusterName, *, kubeconfig: on.Kubeconfig = None) -> Came:
    """Take a cluster's context out of your kubeconfig.

    Example: ackgpu kubeconfig remove demo
    """
    from ackgpu.commands.kubeconfig import command

    return command.remove(command.KubeconfigOptions(name=name, path=kubeconfig), session)


def credential(
    session: Session, name: on.ClusterName, *, temporary_minutes: Minutes = None
) -> Came:
    """Print a short-lived credential for kubectl, as a kubeconfig of `write --exec` asks for it.

    Example: ackgpu kubeconfig credential demo
    """
    from ackgpu.commands.kubeconfig import credential as command

    return command.execute(command.CredentialOptions(name=name, minutes=temporary_minutes), session)
