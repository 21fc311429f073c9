"""From a command's result, or its failure, to stdout and stderr."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ackgpu.errors import LocalError
from ackgpu.output_forms import DOCUMENTS, Output
from ackgpu.printable import printable
from ackgpu.render.causes import DiagnosisResult
from ackgpu.render.document import failure_document, pieces_of, to_text
from ackgpu.render.failure import failure_of
from ackgpu.render.results import ClusterDescription, CreateSummary, Facts, Part, PlainText, Result
from ackgpu.render.verdicts import VerifyResult
from ackgpu.streams import Streams

if TYPE_CHECKING:
    from ackgpu.render.layout import Block

NO_NAME = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that no name has."""


def present(streams: Streams, output: Output, result: Result) -> int:
    """Show ``result`` and return the exit code.

    stdout gets the table, the names, or one document. stderr gets the warnings and the error.
    Raises LocalError where stdout cannot take the result, unless the result has an error of its
    own.
    """
    try:
        _write_result(streams, output, result)
    except LocalError as unwritten:
        if result.error is None:
            raise
        warn(streams, unwritten.message)
    for message in result.warnings:
        warn(streams, message)
    if result.error:
        _show_failure(streams, result.error)
    return result.exits_with


def fail(
    streams: Streams, output: Output, command: str, error: BaseException, *, log_path: str = ""
) -> int:
    """Show that ``command`` failed with nothing to show for it, and return the exit code.

    stderr gets the error screen, which names ``log_path``; stdout gets the document where one was
    asked for.
    """
    write_failure(streams, output, command, error)
    _show_failure(streams, error, log_path)
    return failure_of(error).exit_code


def write_failure(streams: Streams, output: Output, command: str, error: BaseException) -> None:
    """Write the document of a failed command to stdout, if one was requested.

    Where stdout cannot take it, that is a warning: the failure decides the exit code all the same.
    """
    if output in DOCUMENTS:
        document = failure_document(command, failure_of(error), emulated=streams.emulated)
        try:
            streams.write(streams.out, to_text(streams, output, document))
        except LocalError as unwritten:
            warn(streams, unwritten.message)


NOTHING_BILLED = "nothing is billed, and times are emulated"
MARKED = (CreateSummary, ClusterDescription, DiagnosisResult, VerifyResult)
"""Results of which a person might believe that they are of the real cloud."""


def json_file(output: Output, field: str, content: Any) -> Part:
    """The part of a command that prints a file of JSON: the file, or ``field`` of the document."""
    if output not in DOCUMENTS:
        return PlainText(text=json.dumps(content, indent=2) + "\n")
    return Facts(facts={field: content})


def warn(streams: Streams, message: str) -> None:
    """Show one warning on stderr."""
    from ackgpu.render.layout import Span, draw_on, point

    draw_on(streams, streams.err, [point(Span("! ", "yellow"), message)])


def blocks_of(streams: Streams, result: Result) -> list[Block]:
    """The table of a result; one of an emulated cluster says so."""
    from ackgpu.render.layout import Span, line
    from ackgpu.render.tables import draw

    blocks = draw(result.part)
    if streams.emulated and isinstance(result.part, MARKED):
        blocks = [*blocks, line(Span(f"  emulated: {NOTHING_BILLED}", "dim"))]
    return blocks


def _write_result(streams: Streams, output: Output, result: Result) -> None:
    part = result.part
    if isinstance(part, PlainText) and (output not in DOCUMENTS or part.with_secrets):
        streams.draw(streams.out, printable(part.text, lines=True), with_secrets=part.with_secrets)
    elif output == "table":
        from ackgpu.render.layout import draw_on

        draw_on(streams, streams.out, blocks_of(streams, result))
    elif output == "name":
        # A blank or a line break in a name would make two names of it for whoever reads the list.
        names = [printable(name, stand_in=NO_NAME) for name in result.part.names]
        streams.write(streams.out, "".join(f"{name}\n" for name in names))
    else:
        for piece in pieces_of(streams, output, result):
            streams.write(streams.out, piece)


def _show_failure(streams: Streams, error: BaseException, log_path: str = "") -> None:
    from ackgpu.render.failure import draw_failure
    from ackgpu.render.layout import draw_on

    draw_on(streams, streams.err, draw_failure(failure_of(error), log_path))
