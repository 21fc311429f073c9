"""Lines, paragraphs and grids, laid out for one stream: its width, its colours, its characters.

Drawing code names symbols and colours once, in Unicode. A stream that cannot carry them gets words
before anything is measured, so that columns stay straight. Colour never carries what the text does
not say. Text from outside may hold control characters: none reaches the terminal.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TextIO

from rich.console import Console
from rich.text import Text

from ackgpu.printable import printable
from ackgpu.redaction import redacted
from ackgpu.render.columns import GAP, LEAST, fitted, total, widths_of
from ackgpu.render.words import short_id
from ackgpu.streams import Streams

DONE, FAILED, BUSY, IDLE = "✓", "✗", "⠸", "·"
NOTHING = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
TAKEN = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"
IN_WORDS = str.maketrans(
    {
        DONE: "ok",
        FAILED: "FAIL",
        BUSY: "busy",
        IDLE: "-",
        NOTHING: "-",
        TIMES: "x",
        TAKEN: ">",
        "→": "->",
        "…": "...",
        "▓": "#",
        "░": ".",
        "¥": "CNY",
        "€": "EUR",
    }
)


class Span(NamedTuple):
    """A piece of text in one style ("green", "bold", "dim"; empty for none)."""

    text: str
    style: str = ""


Cell = str | Span


@dataclass(frozen=True)
class Line:
    """A paragraph. Where it must be wrapped, its further lines start under ``spans``.

    ``narrow`` stands in for ``spans`` where those do not fit into one line.
    """

    spans: tuple[Span, ...] = ()
    head: tuple[Span, ...] = ()
    narrow: tuple[Span, ...] = ()


def line(*cells: Cell | tuple[str, str]) -> Line:
    """A paragraph that starts at the left edge."""
    return Line(tuple(_span(cell) for cell in cells))


def point(head: Cell, *cells: Cell, narrow: str = "") -> Line:
    """A paragraph behind a bullet: further lines are indented as far as ``head`` is wide."""
    spans = tuple(_span(cell) for cell in cells)
    return Line(spans, (_span(head),), (Span(narrow),) if narrow else ())


@dataclass(frozen=True)
class Grid:
    """Rows in columns, as wide as their content.

    ``align`` has a ``<`` or ``>`` for each column. If the terminal is too narrow, the column
    ``ids`` is shortened, then the columns ``optional`` are left out one after the other, and then
    one is folded in which that breaks least, so that nothing else is lost. A column without
    content is left out.
    """

    rows: Sequence[Sequence[Cell]]
    align: str
    header: Sequence[str] = ()
    ids: int | None = None
    indent: int = 2
    optional: tuple[int, ...] = ()


Block = Line | Grid


def plain_console(*, colors: bool, **settings: Any) -> Console:
    """Rich's console as a canvas: nothing in a text is markup."""
    return Console(
        color_system="standard" if colors else None,
        no_color=not colors,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        **settings,
    )


class Pen:
    """Draws for one stream."""

    def __init__(self, *, width: int, colors: bool, unicode: bool) -> None:
        self.width = width
        self.unicode = unicode
        self._buffer = io.StringIO()
        self._console = plain_console(
            file=self._buffer, force_terminal=colors, colors=colors, width=width
        )

    def ellipsis(self) -> str:
        """What marks a cut."""
        return "…" if self.unicode else "..."

    def words(self, text: str) -> str:
        """``text`` with nothing in it that the stream cannot carry or that moves a cursor."""
        safe = printable(redacted(text))  # before it is wrapped: half a secret is not found
        return safe if self.unicode else safe.translate(IN_WORDS)

    def text(self, *cells: Cell) -> Text:
        """Cells side by side."""
        parts = [_span(cell) for cell in cells]
        return Text.assemble(*((self.words(part.text), part.style) for part in parts))

    def column(self, text: Text, width: int, *, right: bool = False) -> Text:
        """``text`` padded, or cut with an ellipsis, to exactly ``width`` cells."""
        fitted = text.copy()
        if fitted.cell_len > width:
            mark = self.ellipsis()[:width]
            fitted.truncate(width - len(mark), overflow="crop")
            fitted.append(mark)
        missing = width - fitted.cell_len
        if right:
            fitted.pad_left(missing)
        else:
            fitted.pad_right(missing)
        return fitted

    def layout(self, blocks: Iterable[Block]) -> list[Text]:
        """The lines of ``blocks``, none with trailing blanks."""
        lines: list[Text] = []
        for block in blocks:
            lines += self._paragraph(block) if isinstance(block, Line) else self._grid(block)
        for text in lines:
            text.rstrip()
        return lines

    def render(self, blocks: Iterable[Block]) -> str:
        """``blocks`` as the stream gets them."""
        self._buffer.seek(0)
        self._buffer.truncate()
        for text in self.layout(blocks):
            self._console.print(text, soft_wrap=True)
        return self._buffer.getvalue()

    def _paragraph(self, block: Line) -> list[Text]:
        head = self.text(*block.head)
        body = self.text(*block.spans)
        room = max(self.width - head.cell_len, LEAST)
        if body.cell_len <= room:
            return [Text.assemble(head, body)]
        if block.narrow:
            body = self.text(*block.narrow)
        first, *others = body.wrap(self._console, room)
        indent = " " * head.cell_len
        return [Text.assemble(head, first), *(Text.assemble(indent, other) for other in others)]

    def _grid(self, block: Grid) -> list[Text]:
        rows = [[_span(cell) for cell in row] for row in block.rows]
        header = [[Span(title, "dim") for title in block.header]] if block.header else []
        table = self._texts([*header, *rows])
        room = self.width - block.indent
        if block.ids is not None and total(widths_of(table, first=len(header))) > room:
            for row in rows:
                row[block.ids] = Span(short_id(row[block.ids].text), row[block.ids].style)
            table = self._texts([*header, *rows])
        widths = fitted(table, room, first=len(header), optional=block.optional)
        return [line for row in table for line in self._row(block, row, widths)]

    def _texts(self, rows: Sequence[Sequence[Span]]) -> list[list[Text]]:
        return [[self.text(cell) for cell in row] for row in rows]

    def _row(self, block: Grid, row: Sequence[Text], widths: Sequence[int]) -> list[Text]:
        """The lines of a row: several if a cell is folded."""
        columns = [
            (self._folded(cell, width), width, align)
            for cell, width, align in zip(row, widths, block.align, strict=True)
            if width
        ]
        depth = max((len(lines) for lines, _, _ in columns), default=1)
        return [
            Text.assemble(
                " " * block.indent,
                Text(" " * GAP).join(
                    self.column(
                        lines[level] if level < len(lines) else Text(), width, right=align == ">"
                    )
                    for lines, width, align in columns
                ),
            )
            for level in range(depth)
        ]

    def _folded(self, cell: Text, width: int) -> list[Text]:
        return [cell] if cell.cell_len <= width else list(cell.wrap(self._console, width))


def draw_on(streams: Streams, stream: TextIO, blocks: Iterable[Block]) -> None:
    """Write ``blocks`` to ``stream``, as wide as it is at this moment."""
    width, colors = streams.size_of(stream)[0], streams.colors(stream)
    pen = Pen(width=width, colors=colors, unicode=streams.unicode(stream))
    streams.draw(stream, pen.render(blocks))


def _span(cell: Cell | tuple[str, str]) -> Span:
    return Span(cell) if isinstance(cell, str) else Span(*cell)
