"""``ackgpu policy``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ackgpu.app import App
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Region, add_command

if TYPE_CHECKING:
    from ackgpu.commands.policy import PolicyOptions
    from ackgpu.spec.flags import SpecFlags


def register(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The RAM policy that a cluster needs.", no_args_is_help=True)
    add_command(group, "generate", generate, prefix="policy")
    add_command(group, "check", check, prefix="policy")
    root.add_typer(group, name="policy")


def generate(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    *,
    file: on.File = None,
    region: Region = None,
    vpc_id: on.VpcId = None,
    vswitch_id: on.VSwitchIds = None,
    public_endpoint: on.PublicEndpoint = None,
    key_pair: on.KeyPair = None,
) -> int:
    """Write the least RAM policy that creates, verifies and deletes a cluster.

    Example: ackgpu policy generate -f cluster.yaml > policy.json
    """
    from ackgpu.commands.policy import generate as run
    from ackgpu.spec.flags import SpecFlags

    flags = SpecFlags(
        region=region,
        vpc_id=vpc_id,
        vswitch_ids=tuple(vswitch_id or ()),
        public_endpoint=public_endpoint,
        key_pair=key_pair,
    )
    return run(_options(flags, file), app)


def check(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    *,
    file: on.File = None,
    region: Region = None,
    vpc_id: on.VpcId = None,
    vswitch_id: on.VSwitchIds = None,
    public_endpoint: on.PublicEndpoint = None,
    key_pair: on.KeyPair = None,
) -> int:
    """Try every read that a creation makes; exit 3 where RAM refuses one.

    Example: ackgpu policy check -f cluster.yaml
    """
    from ackgpu.commands.policy import check as run
    from ackgpu.spec.flags import SpecFlags

    flags = SpecFlags(
        region=region,
        vpc_id=vpc_id,
        vswitch_ids=tuple(vswitch_id or ()),
        public_endpoint=public_endpoint,
        key_pair=key_pair,
    )
    return run(_options(flags, file), app)


def _options(flags: SpecFlags, file: Path | None) -> PolicyOptions:
    from ackgpu.commands.policy import PolicyOptions
    from ackgpu.commands.specs import SpecOptions

    return PolicyOptions(wants=SpecOptions(flags=flags, file=file))
