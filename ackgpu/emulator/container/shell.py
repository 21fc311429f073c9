"""A small emulated shell: words, quotes, variables, pipes, sequences and redirections.

It covers what people and ackgpu type into a container: ``sh -c 'cd x && make; ./sample | tail'``.
What it does not know (loops, functions, here-documents) is a syntax error with exit code 2, never
a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ackgpu.emulator.container.commands import COMMANDS
from ackgpu.emulator.container.machine import CommandOutcome, File, Machine, consumed, failed
from ackgpu.emulator.container.network import OPEN, SILENT
from ackgpu.emulator.container.toolchain import run_program
from ackgpu.emulator.container.words import RESERVED, Piece, ShellSyntaxError, Token, tokenize

SHELLS = frozenset({"sh", "bash", "dash", "ash"})
EXIT = Token(tuple(Piece("text", char) for char in "exit"))
_NO_TIME: float | None = 0.0
TCP = "/dev/tcp/"
CONNECT_GIVES_UP = 127.0  # seconds: Linux' six tries of a SYN
TIMED_OUT = 124
SEPARATORS = frozenset({"&&", "||", ";", "\n"})


class NoSuchProgram(Exception):
    """The runtime cannot start the program, as it is not there."""


@dataclass
class PipelineCommand:
    """One command of a pipeline, its redirections taken out."""

    words: list[Token] = field(default_factory=list)
    stdin: Token | None = None
    stdout: Token | None = None
    appends: bool = False
    stderr: Token | None = None
    joined: bool = False


def run(machine: Machine, argv: list[str], stdin: bytes) -> CommandOutcome:
    """Run a program as the container runtime does; raises NoSuchProgram where it is not there."""
    name = argv[0].rsplit("/", 1)[-1]
    if name in SHELLS:
        return _run_shell(machine, argv, stdin)
    if name == "timeout":
        return _timed(machine, argv, stdin)
    if not knows(machine, argv[0]):
        raise NoSuchProgram(argv[0])
    return _invoke(machine, argv, stdin)


def _run_shell(machine: Machine, argv: list[str], stdin: bytes) -> CommandOutcome:
    flags = [word for word in argv[1:] if word.startswith("-")]
    script = next((flag for flag in flags if flag.endswith("c")), None)
    if script is not None:
        at = argv.index(script) + 1
        if at >= len(argv):
            return failed(f"{argv[0]}: -c: option requires an argument\n", 2)
        machine.env.update((str(n), word) for n, word in enumerate(argv[at + 1 :]))
        return run_script(machine, argv[at], stdin)
    names = [word for word in argv[1:] if not word.startswith("-")]
    if names:
        file = machine.files.get(machine.path(names[0]))
        if file is None:
            return failed(f"{argv[0]}: {names[0]}: No such file or directory\n", 127)
        return run_script(machine, file.content.decode(errors="replace"), stdin)
    return run_script(machine, consumed(stdin).decode(errors="replace"), b"")


def knows(machine: Machine, program: str) -> bool:
    """Whether a program of that name or path can be started."""
    if "/" in program:
        file = machine.files.get(machine.path(program))
        return (file is not None and file.executable) or program.rsplit("/", 1)[-1] in COMMANDS
    return program in COMMANDS or program in SHELLS


def run_script(machine: Machine, text: str, stdin: bytes) -> CommandOutcome:
    """Run lines of shell; the outcome is of all of them, its code the last one's."""
    try:
        pipelines = [(_stages(tokens), end) for tokens, end in _pipelines(tokenize(text))]
    except ShellSyntaxError as error:
        return failed(f"sh: 1: Syntax error: {error}\n", 2)
    total, skip = CommandOutcome(), False
    for stages, separator in pipelines:
        if stages and not skip:
            machine.env["?"] = str(total.code)
            done = _run_pipeline(machine, stages, stdin)
            seconds = _sum(total.seconds, done.seconds)
            total = CommandOutcome(total.out + done.out, total.err + done.err, done.code, seconds)
            if seconds is None or stages[0].words[:1] == [EXIT]:
                break
        skip = (separator == "&&" and total.code != 0) or (separator == "||" and total.code == 0)
    return total


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _pipelines(tokens: list[Token]) -> list[tuple[list[Token], str]]:
    rows: list[tuple[list[Token], str]] = []
    current: list[Token] = []
    for token in tokens:
        if token.operator in SEPARATORS:
            rows.append((current, token.operator))
            current = []
        else:
            current.append(token)
    return [*rows, (current, "")]


def _stages(tokens: list[Token]) -> list[PipelineCommand]:
    """The commands of a pipeline; empty for an empty line. Raises ShellSyntaxError."""
    if not tokens:
        return []
    stages = [PipelineCommand()]
    waiting = iter(tokens)
    for token in waiting:
        stage = stages[-1]
        if not token.operator:
            if not stage.words and token.literal in RESERVED:
                raise ShellSyntaxError(f'"{token.literal}" is not supported')
            stage.words.append(token)
        elif token.operator == "|":
            stages.append(PipelineCommand())
        elif token.operator == "2>&1":
            stage.joined = True
        else:
            target = next(waiting, Token(operator="end of file"))
            if target.operator:
                raise ShellSyntaxError(f'"{target.operator}" unexpected')
            _redirect(stage, token.operator, target)
    if not all(stage.words or stage.stdout for stage in stages):
        raise ShellSyntaxError('"|" unexpected')
    return stages


def _redirect(stage: PipelineCommand, operator: str, target: Token) -> None:
    if operator == "<":
        stage.stdin = target
    elif operator == "2>":
        stage.stderr = target
    else:
        stage.stdout, stage.appends = target, operator == ">>"
        stage.joined = stage.joined or operator == "&>"


def _run_pipeline(machine: Machine, stages: list[PipelineCommand], stdin: bytes) -> CommandOutcome:
    err, seconds, done = b"", _NO_TIME, CommandOutcome(out=stdin)
    for stage in stages:
        done = _run_stage(machine, stage, done.out)
        err += done.err
        seconds = _sum(seconds, done.seconds)
    return replace(done, err=err, seconds=seconds)


def _filled(machine: Machine, token: Token) -> str:
    """A word with its variables and commands filled in."""
    text = ""
    for piece in token.pieces:
        if piece.kind == "variable":
            text += machine.env.get(piece.text, "")
        elif piece.kind == "command":
            done = run_script(machine, piece.text, b"")
            text += done.out.decode(errors="replace").rstrip("\n")
        else:
            text += piece.text
    return text


def _expanded(machine: Machine, tokens: list[Token]) -> list[str]:
    """Words filled in; one that is nothing but an unquoted value is split at blanks."""
    words: list[str] = []
    for token in tokens:
        text = _filled(machine, token)
        whole = len(token.pieces) == 1 and not token.pieces[0].quoted
        if whole and token.pieces[0].kind != "text":
            words += text.split()
        else:
            words.append(text)
    return words


def _run_stage(machine: Machine, stage: PipelineCommand, stdin: bytes) -> CommandOutcome:
    if stage.stdin:
        name = _filled(machine, stage.stdin)
        if name.startswith(TCP):
            return _connected(machine, name)
        file = machine.files.get(machine.path(name))
        if file is None and name != "/dev/null":
            return failed(f"sh: 1: cannot open {name}: No such file\n", 2)
        stdin = file.content if file else b""
    words = _expanded(machine, stage.words)
    done = _start(machine, words, stdin) if words else CommandOutcome()
    return _redirected(machine, stage, done)


def _connected(machine: Machine, name: str) -> CommandOutcome:
    """What bash's ``< /dev/tcp/HOST/PORT`` does: a connection that is closed at once."""
    host, _, port = name.removeprefix(TCP).partition("/")
    way = machine.network.connect(host)
    if way == OPEN and port in {"443", "6443"}:
        return CommandOutcome()
    said = "Connection timed out" if way == SILENT else "Connection refused"
    text = f"bash: connect: {said}\nbash: line 1: {name}: {said}\n"
    return CommandOutcome(
        err=text.encode(), code=1, seconds=CONNECT_GIVES_UP if way == SILENT else 0.0
    )


def _timed(machine: Machine, words: list[str], stdin: bytes) -> CommandOutcome:
    """``timeout SECONDS COMMAND…``."""
    if len(words) < 3 or not words[1].isdecimal():  # noqa: PLR2004 -- itself, seconds, a command
        return CommandOutcome(err=b"Try 'timeout --help' for more information.\n", code=125)
    done = _start(machine, words[2:], stdin)
    seconds = float(words[1])
    if done.seconds is None or done.seconds > seconds:
        return CommandOutcome(done.out, code=TIMED_OUT, seconds=seconds)
    return done


def _redirected(machine: Machine, stage: PipelineCommand, done: CommandOutcome) -> CommandOutcome:
    """The outcome, less what goes into files."""
    if stage.joined and not stage.stdout:
        return replace(done, out=done.out + done.err, err=b"")
    if stage.stderr:
        _write(machine, _filled(machine, stage.stderr), done.err, appends=False)
        done = replace(done, err=b"")
    if stage.stdout:
        name = _filled(machine, stage.stdout)
        content = done.out + (done.err if stage.joined else b"")
        if not _write(machine, name, content, appends=stage.appends):
            return failed(f"sh: 1: cannot create {name}: Directory nonexistent\n", 2)
        done = replace(done, out=b"", err=b"" if stage.joined else done.err)
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


def _start(machine: Machine, words: list[str], stdin: bytes) -> CommandOutcome:
    """Run one command of a line: leading assignments, then a program or a builtin."""
    while words and "=" in words[0] and words[0].partition("=")[0].isidentifier():
        name, _, value = words[0].partition("=")
        machine.env[name], words = value, words[1:]
    if not words:
        return CommandOutcome()
    if words[0] == "timeout":
        return _timed(machine, words, stdin)
    if words[0] in {"exec", "sudo", "nohup", "time"} and len(words) > 1:
        return _start(machine, words[1:], stdin)
    if words[0].rsplit("/", 1)[-1] in SHELLS:
        return _run_shell(machine, words, stdin)
    if not knows(machine, words[0]):
        kind = "not found" if "/" not in words[0] else "No such file or directory"
        return failed(f"sh: 1: {words[0]}: {kind}\n", 127)
    return _invoke(machine, words, stdin)


def _invoke(machine: Machine, argv: list[str], stdin: bytes) -> CommandOutcome:
    file = machine.files.get(machine.path(argv[0])) if "/" in argv[0] else None
    if file is not None and file.executable:
        return run_program(machine, file.program)
    return COMMANDS[argv[0].rsplit("/", 1)[-1]](machine, argv[1:], stdin)
