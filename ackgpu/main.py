"""From the process to its exit code: the only place that turns errors and signals into codes."""

from __future__ import annotations


def entry() -> None:
    """Run the command line and exit."""
    raise SystemExit(0)
