"""A small emulated shell: words, quotes, variables, pipes, sequences and redirections.

It covers what people and ackgpu type into a container: ``sh -c 'cd x && make; ./sample | tail'``.
What it does not know (loops, functions, here-documents) is a syntax error with exit code 2, never
a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ackgpu.emulator.kube.commands import COMMANDS
from ackgpu.emulator.kube.machine import File, Machine, Outcome
from ackgpu.emulator.kube.stdin import consumed
from ackgpu.emulator.kube.toolchain import run_program

SHELLS = frozenset({"sh", "bash", "dash", "ash"})
OPERATORS = ("&&", "||", ">>", "2>&1", "&>", "2>", ";", "|", ">", "<", "\n")
SEPARATORS = frozenset({"&&", "||", ";", "\n"})
UNSUPPORTED = frozenset({"for", "while", "until", "if", "case", "function", "select", "<<"})


Token = tuple[str, bool]
"""A word or operator, and whether it is an operator."""


class ShellSyntaxError(Exception):
    """The line is beyond this shell."""


class NoSuchProgram(Exception):
    """The runtime cannot start the program, as it is not there."""


@dataclass
class Stage:
    """One command of a pipeline, its redirections taken out."""

    words: list[str] = field(default_factory=list)
    stdin: str = ""
    stdout: str = ""
    appends: bool = False
    stderr: str = ""
    joined: bool = False


def run(machine: Machine, argv: list[str], stdin: bytes) -> Outcome:
    """Run a program as the container runtime does; raises NoSuchProgram where it is not there."""
    name = argv[0].rsplit("/", 1)[-1]
    if name in SHELLS:
        return _run_shell(machine, argv, stdin)
    if not knows(machine, argv[0]):
        raise NoSuchProgram(argv[0])
    return _invoke(machine, argv, stdin)


def _run_shell(machine: Machine, argv: list[str], stdin: bytes) -> Outcome:
    flags = [word for word in argv[1:] if word.startswith("-")]
    script = next((flag for flag in flags if flag.endswith("c")), None)
    if script is not None:
        at = argv.index(script) + 1
        if at >= len(argv):
            return Outcome(err=f"{argv[0]}: -c: option requires an argument\n".encode(), code=2)
        machine.env.update((str(n), word) for n, word in enumerate(argv[at + 1 :]))
        return run_script(machine, argv[at], stdin)
    names = [word for word in argv[1:] if not word.startswith("-")]
    if names:
        file = machine.files.get(machine.path(names[0]))
        if file is None:
            text = f"{argv[0]}: {names[0]}: No such file or directory\n"
            return Outcome(err=text.encode(), code=127)
        return run_script(machine, file.content.decode(errors="replace"), stdin)
    return run_script(machine, consumed(stdin).decode(errors="replace"), b"")


def knows(machine: Machine, program: str) -> bool:
    """Whether a program of that name or path can be started."""
    if "/" in program:
        file = machine.files.get(machine.path(program))
        return (file is not None and file.executable) or program.rsplit("/", 1)[-1] in COMMANDS
    return program in COMMANDS or program in SHELLS


def run_script(machine: Machine, text: str, stdin: bytes) -> Outcome:
    """Run lines of shell; the outcome is of all of them, its code the last one's."""
    try:
        tokens = tokenize(machine, text)
    except ShellSyntaxError as error:
        return Outcome(err=f"sh: 1: Syntax error: {error}\n".encode(), code=2)
    total = Outcome()
    skip = False
    for pipeline, separator in _pipelines(tokens):
        if pipeline and not skip:
            machine.env["?"] = str(total.code)
            done = _run_pipeline(machine, pipeline, stdin)
            seconds = _sum(total.seconds, done.seconds)
            total = Outcome(total.out + done.out, total.err + done.err, done.code, seconds)
            stdin = b""
            if seconds is None or pipeline[0] == ("exit", False):
                break
        skip = (separator == "&&" and total.code != 0) or (separator == "||" and total.code == 0)
    return total


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def tokenize(machine: Machine, text: str) -> list[Token]:
    """Words (quotes taken off, variables filled in) and operators."""
    tokens: list[Token] = []
    word, begun, at = "", False, 0
    while at < len(text):
        char = text[at]
        operator = next((op for op in OPERATORS if text.startswith(op, at)), None)
        if operator in {"2>&1", "2>"} and begun:
            operator = None
        if text.startswith("<<", at):
            raise ShellSyntaxError("here-documents are not supported")
        if char == "\\" and at + 1 < len(text):
            word, begun, at = word + text[at + 1].replace("\n", ""), True, at + 2
        elif char in "'\"":
            piece, at = _quoted(machine, text, at)
            word, begun = word + piece, True
        elif char == "$":
            piece, at = _variable(machine, text, at)
            word, begun = word + piece, begun or bool(piece)
        elif char == "#" and not begun:
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif operator or char in " \t\r":
            if begun:
                tokens.append((word, False))
            if operator:
                tokens.append((operator, True))
            word, begun, at = "", False, at + len(operator or char)
        else:
            word, begun, at = word + char, True, at + 1
    return [*tokens, (word, False)] if begun else tokens


def _quoted(machine: Machine, text: str, at: int) -> tuple[str, int]:
    quote, piece = text[at], ""
    at += 1
    while at < len(text) and text[at] != quote:
        if quote == '"' and text[at] == "\\" and text[at + 1 : at + 2] in {'"', "\\", "$", "`"}:
            piece, at = piece + text[at + 1], at + 2
        elif quote == '"' and text[at] == "$":
            value, at = _variable(machine, text, at)
            piece += value
        else:
            piece, at = piece + text[at], at + 1
    if at >= len(text):
        raise ShellSyntaxError("Unterminated quoted string")
    return piece, at + 1


def _variable(machine: Machine, text: str, at: int) -> tuple[str, int]:
    """The value of ``$NAME``, ``${NAME}``, ``$?`` or ``$(command)`` and where it ends."""
    if text.startswith("$(", at):
        end = text.find(")", at)
        if end < 0:
            raise ShellSyntaxError('end of file unexpected (expecting ")")')
        done = run_script(machine, text[at + 2 : end], b"")
        return done.out.decode(errors="replace").rstrip("\n"), end + 1
    if text.startswith("${", at):
        end = text.find("}", at)
        if end < 0:
            raise ShellSyntaxError("Missing '}'")
        return machine.env.get(text[at + 2 : end], ""), end + 1
    end = at + 1
    if text[end : end + 1] in {"?", "0", "1", "2", "@", "$"}:
        end += 1
    else:
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
    name = text[at + 1 : end]
    return (machine.env.get(name, "") if name else "$"), end


def _pipelines(tokens: list[Token]) -> list[tuple[list[Token], str]]:
    rows: list[tuple[list[Token], str]] = []
    current: list[Token] = []
    for word, is_operator in tokens:
        if is_operator and word in SEPARATORS:
            rows.append((current, word))
            current = []
        else:
            current.append((word, is_operator))
    return [*rows, (current, "")]


def _run_pipeline(machine: Machine, tokens: list[Token], stdin: bytes) -> Outcome:
    stages = _stages(tokens)
    if stages is None:
        return Outcome(err=b"sh: 1: Syntax error: end of file unexpected\n", code=2)
    err, seconds, done = b"", 0.0, Outcome(out=stdin)
    last: float | None = seconds
    for stage in stages:
        done = _run_stage(machine, stage, done.out)
        err += done.err
        last = _sum(last, done.seconds)
    return replace(done, err=err, seconds=last)


def _stages(tokens: list[Token]) -> list[Stage] | None:
    stages = [Stage()]
    waiting = iter(tokens)
    for word, is_operator in waiting:
        stage = stages[-1]
        if not is_operator:
            stage.words.append(word)
        elif word == "|":
            stages.append(Stage())
        elif word == "2>&1":
            stage.joined = True
        else:
            target = next(waiting, ("", True))
            if target[1]:
                return None
            _redirect(stage, word, target[0])
    return stages if all(stage.words or stage.stdout for stage in stages) else None


def _redirect(stage: Stage, operator: str, target: str) -> None:
    if operator == "<":
        stage.stdin = target
    elif operator == "2>":
        stage.stderr = target
    else:
        stage.stdout, stage.appends = target, operator == ">>"
        stage.joined = stage.joined or operator == "&>"


def _run_stage(machine: Machine, stage: Stage, stdin: bytes) -> Outcome:
    if stage.stdin:
        file = machine.files.get(machine.path(stage.stdin))
        if file is None:
            text = f"sh: 1: cannot open {stage.stdin}: No such file\n"
            return Outcome(err=text.encode(), code=2)
        stdin = file.content
    done = _start(machine, stage.words, stdin) if stage.words else Outcome()
    if stage.joined:
        done = replace(done, out=done.out + done.err, err=b"")
    if stage.stderr:
        _write(machine, stage.stderr, done.err, appends=False)
        done = replace(done, err=b"")
    if stage.stdout:
        if not _write(machine, stage.stdout, done.out, appends=stage.appends):
            text = f"sh: 1: cannot create {stage.stdout}: Directory nonexistent\n"
            return Outcome(err=text.encode(), code=2)
        done = replace(done, out=b"")
    return done


def _write(machine: Machine, name: str, content: bytes, *, appends: bool) -> bool:
    if name == "/dev/null":
        return True
    path = machine.path(name)
    if not machine.is_directory(path.rsplit("/", 1)[0] or "/"):
        return False
    before = machine.files.get(path, File()).content if appends else b""
    machine.files[path] = File(before + content)
    return True


def _start(machine: Machine, words: list[str], stdin: bytes) -> Outcome:
    """Run one command of a line: leading assignments, then a program or a builtin."""
    while words and "=" in words[0] and words[0].partition("=")[0].isidentifier():
        name, _, value = words[0].partition("=")
        machine.env[name], words = value, words[1:]
    if not words:
        return Outcome()
    if words[0] in UNSUPPORTED:
        text = f'sh: 1: Syntax error: "{words[0]}" is not supported by the emulated shell\n'
        return Outcome(err=text.encode(), code=2)
    if words[0] in {"exec", "sudo", "nohup", "time"} and len(words) > 1:
        return _start(machine, words[1:], stdin)
    if words[0].rsplit("/", 1)[-1] in SHELLS:
        return _run_shell(machine, words, stdin)
    if not knows(machine, words[0]):
        kind = "not found" if "/" not in words[0] else "No such file or directory"
        return Outcome(err=f"sh: 1: {words[0]}: {kind}\n".encode(), code=127)
    return _invoke(machine, words, stdin)


def _invoke(machine: Machine, argv: list[str], stdin: bytes) -> Outcome:
    file = machine.files.get(machine.path(argv[0])) if "/" in argv[0] else None
    if file is not None and file.executable:
        return run_program(machine, file.program)
    return COMMANDS[argv[0].rsplit("/", 1)[-1]](machine, argv[1:], stdin)
