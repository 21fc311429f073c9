"""YAML that readers of version 1.1, as PyYAML is, understand like those of 1.2.

To them ``on``, ``no`` and ``y`` are booleans and ``1:30`` is a number: as text they need quotes.
"""

from __future__ import annotations

from typing import Any

from ackgpu.printable import has_hidden

_OLD = (1, 1)


def make_representer() -> type[Any]:
    """A class for ``YAML.Representer``, a new one each time: functions are kept on the class."""
    from ruamel.yaml.representer import RoundTripRepresenter

    class WordRepresenter(RoundTripRepresenter):
        """The library's, but for what old readers would take for something else."""

    WordRepresenter.add_representer(str, _write_text)
    return WordRepresenter


def _write_text(representer: Any, text: str) -> Any:
    style = "'" if _is_more_than_text(text) else None
    if has_hidden(text):  # only between double quotes can an escape stand for it
        style = '"'
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_more_than_text(text: str) -> bool:
    from ruamel.yaml.resolver import implicit_resolvers

    return any(
        pattern.match(text) for versions, _, pattern, _ in implicit_resolvers if _OLD in versions
    )
