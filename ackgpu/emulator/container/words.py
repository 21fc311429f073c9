"""How the emulated shell reads a script: words, quotes, variables, operators.

Variables and command substitutions are filled in when a word is used, not when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "variable", "command"]

OPERATORS = ("&&", "||", ">>", "2>&1", "&>", "2>", ";", "|", ">", "<", "\n")
RESERVED = frozenset({
    "for", "while", "until", "if", "case", "function", "select", "do", "then", "{", "(",
})  # fmt: skip


class ShellSyntaxError(Exception):
    """The script is beyond this shell."""


@dataclass(frozen=True)
class Piece:
    """A part of a word: text as it is, a variable's value, or a command's output."""

    kind: Kind
    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Token:
    """A word in its pieces, or an operator."""

    pieces: tuple[Piece, ...] = ()
    operator: str = ""

    @property
    def literal(self) -> str:
        """The word's text where nothing is to be filled in and nothing was quoted."""
        plain = all(piece.kind == "text" and not piece.quoted for piece in self.pieces)
        return "".join(piece.text for piece in self.pieces) if plain else ""


def tokenize(text: str) -> list[Token]:
    """The script's words and operators; raises ShellSyntaxError."""
    return _WordReader(text).tokens()


class _WordReader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._pieces: list[Piece] = []
        self._found: list[Token] = []

    def tokens(self) -> list[Token]:
        while self._at < len(self._text):
            self._step()
        self._end_word()
        return self._found

    def _step(self) -> None:
        char = self._text[self._at]
        operator = self._operator()
        if char == "\\" and self._at + 1 < len(self._text):
            following = self._text[self._at + 1]
            self._add("text", "" if following == "\n" else following, 2, quoted=True)
        elif char in "'\"":
            self._quoted(char)
        elif char == "$":
            self._dollar(quoted=False)
        elif char == "#" and not self._pieces:
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end
        elif operator or char in " \t\r":
            self._end_word()
            if operator:
                self._found.append(Token(operator=operator))
            self._at += len(operator or char)
        else:
            self._add("text", char, 1)

    def _operator(self) -> str:
        if self._text.startswith("<<", self._at):
            raise ShellSyntaxError("here-documents are not supported")
        found = next((op for op in OPERATORS if self._text.startswith(op, self._at)), "")
        return "" if found in {"2>&1", "2>"} and self._pieces else found

    def _add(self, kind: Kind, text: str, step: int, *, quoted: bool = False) -> None:
        self._pieces.append(Piece(kind, text, quoted))
        self._at += step

    def _end_word(self) -> None:
        if self._pieces:
            self._found.append(Token(tuple(self._pieces)))
            self._pieces = []

    def _quoted(self, quote: str) -> None:
        self._add("text", "", 1, quoted=True)
        while self._at < len(self._text) and self._text[self._at] != quote:
            char, following = self._text[self._at], self._text[self._at + 1 : self._at + 2]
            if quote == '"' and char == "\\" and following and following in '"\\$`':
                self._add("text", following, 2, quoted=True)
            elif quote == '"' and char == "$":
                self._dollar(quoted=True)
            else:
                self._add("text", char, 1, quoted=True)
        if self._at >= len(self._text):
            raise ShellSyntaxError("Unterminated quoted string")
        self._at += 1

    def _dollar(self, *, quoted: bool) -> None:
        """``$NAME``, ``${NAME}``, ``$?``, ``$1`` or ``$(command)``; else a plain dollar."""
        text, at = self._text, self._at
        if text.startswith(("$(", "${"), at):
            closing = ")" if text[at + 1] == "(" else "}"
            end = text.find(closing, at)
            if end < 0:
                raise ShellSyntaxError(f'end of file unexpected (expecting "{closing}")')
            kind: Kind = "command" if closing == ")" else "variable"
            self._add(kind, text[at + 2 : end], end + 1 - at, quoted=quoted)
            return
        end = at + 1
        if text[end : end + 1] and text[end] in "?@$0123456789":
            end += 1
        else:
            while end < len(text) and (text[end].isalnum() or text[end] == "_"):
                end += 1
        if end == at + 1:
            self._add("text", "$", 1, quoted=quoted)
        else:
            self._add("variable", text[at + 1 : end], end - at, quoted=quoted)
