"""``ackgpu create``."""

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.session import Session


class CreateHowFlags(FlagSet):
    """How a cluster is made."""

    skip_preflight: Annotated[
        list[str] | None,
        typer.Option(
            flag.SKIP_PREFLIGHT, metavar="CHECK", help="A check to leave out, repeatable; or all."
        ),
    ] = None
    dry_run: Annotated[bool, typer.Option(flag.DRY_RUN, help="Show what would be made.")] = False
    wait: flags.Wait = True
    yes: flags.Yes = False
    kubeconfig: flags.Kubeconfig = None


def create(session: Session, spec: on.CreateFlags, how: CreateHowFlags) -> Came:
    """Make a cluster and prove that its GPUs are usable; again, it goes on where it stopped.

    A name that exists with the same spec is continued; with another spec it is refused (exit 6),
    and the difference is shown.

    Example: ackgpu create demo --emulator
    """
    from ackgpu.commands.cluster.create import CreateOptions, execute

    given = how.given() | {"skip_preflight": on.by_comma(how.skip_preflight)}
    return execute(CreateOptions(wants=spec.wants(), **given), session)
