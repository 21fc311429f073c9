"""From a command's result, or its failure, to stdout and stderr."""

from __future__ import annotations

import json
from typing import Any

from ackgpu.errors import LocalError
from ackgpu.render.document import document_of, failure_document, to_text
from ackgpu.render.failure import failure_of
from ackgpu.render.results import DeletePreview, Facts, Part, PlainText, Result
from ackgpu.settings import Output
from ackgpu.streams import Streams


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
    """Write the document of a failed command to stdout, where one was asked for.

    Where stdout cannot take it, that is a warning: the failure decides the exit code all the same.
    """
    if output not in {"table", "name"}:
        document = failure_document(command, failure_of(error))
        try:
            streams.write(streams.out, to_text(streams, output, document))
        except LocalError as unwritten:
            warn(streams, unwritten.message)


def json_file(output: Output, field: str, content: Any) -> Part:
    """The part of a command that prints a file of JSON: the file, or ``field`` of the document."""
    if output in {"table", "name"}:
        return PlainText(text=json.dumps(content, indent=2) + "\n")
    return Facts(facts={field: content})


def warn(streams: Streams, message: str) -> None:
    """Show one warning on stderr."""
    from ackgpu.render.pen import Pen, line

    Pen.of(streams, streams.err).print([line(("! ", "yellow"), message)])


def show_preview(streams: Streams, preview: DeletePreview) -> None:
    """Show on stderr what a deletion is about to remove, before the question."""
    from ackgpu.render.pen import Pen
    from ackgpu.render.tables import draw

    Pen.of(streams, streams.err).print(draw(preview))


def _write_result(streams: Streams, output: Output, result: Result) -> None:
    if output == "table" and isinstance(result.part, PlainText):
        streams.write(streams.out, result.part.text)
    elif output == "table":
        from ackgpu.render.pen import Pen
        from ackgpu.render.tables import draw

        Pen.of(streams, streams.out).print(draw(result.part))
    elif output == "name":
        streams.write(streams.out, "".join(f"{name}\n" for name in result.part.names))
    else:
        streams.write(streams.out, to_text(streams, output, document_of(result)))


def _show_failure(streams: Streams, error: BaseException, log_path: str = "") -> None:
    from ackgpu.render.failure import draw_failure
    from ackgpu.render.pen import Pen

    Pen.of(streams, streams.err).print(draw_failure(failure_of(error), log_path))
