"""The everyday commands of a container, emulated: echo, cat, ls, cd, grep, tail and so on."""

from __future__ import annotations

import re
from collections.abc import Callable

from ackgpu.emulator.container.machine import (
    CommandOutcome,
    File,
    Machine,
    consumed,
    failed,
    printed,
)
from ackgpu.emulator.container.network import getent
from ackgpu.emulator.container.nvidia_smi import nvidia_smi
from ackgpu.emulator.container.toolchain import apt_get, make, nvcc

Command = Callable[[Machine, list[str], bytes], CommandOutcome]


def _echo(_machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    if args[:1] == ["-n"]:
        return printed(" ".join(args[1:]))
    if args[:1] == ["-e"]:
        return printed(" ".join(args[1:]).replace("\\n", "\n").replace("\\t", "\t") + "\n")
    return printed(" ".join(args) + "\n")


def _printf(_machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    form = (args[0] if args else "").replace("\\n", "\n").replace("\\t", "\t")
    values = iter(args[1:])
    return printed(re.sub(r"%[sd]", lambda _: next(values, ""), form).replace("%%", "%"))


def _read(machine: Machine, name: str, command: str) -> tuple[bytes, str]:
    """A file's content, and what the command says where it cannot be read."""
    path = machine.path(name)
    if path in machine.files:
        return machine.files[path].content, ""
    if path == "/dev/null":
        return b"", ""
    why = "Is a directory" if machine.is_directory(path) else "No such file or directory"
    return b"", f"{command}: {name}: {why}\n"


def _gather(machine: Machine, names: list[str], stdin: bytes, command: str) -> CommandOutcome:
    """Files, or stdin where none is named, one after another."""
    if not names:
        return CommandOutcome(out=consumed(stdin))
    out, err = b"", ""
    for name in names:
        content, complaint = (consumed(stdin), "") if name == "-" else _read(machine, name, command)
        out, err = out + content, err + complaint
    return CommandOutcome(out=out, err=err.encode(), code=1 if err else 0)


def _plain(args: list[str]) -> list[str]:
    return [arg for arg in args if not arg.startswith("-") or arg == "-"]


def _cat(machine: Machine, args: list[str], stdin: bytes) -> CommandOutcome:
    return _gather(machine, _plain(args), stdin, "cat")


def _count(args: list[str]) -> tuple[int, list[str]]:
    """The number of ``-n N``, ``-nN`` or ``-N`` (10 by default), and the other arguments."""
    number, rest, waiting = 10, [], False
    for arg in args:
        match = re.fullmatch(r"-n?(\d+)", arg)
        if waiting and arg.isdecimal():
            number, waiting = int(arg), False
        elif match:
            number = int(match[1])
        elif arg == "-n":
            waiting = True
        else:
            rest.append(arg)
    return number, rest


def _head(machine: Machine, args: list[str], stdin: bytes) -> CommandOutcome:
    number, rest = _count(args)
    found = _gather(machine, _plain(rest), stdin, "head")
    return CommandOutcome(
        b"".join(found.out.splitlines(keepends=True)[:number]), found.err, found.code
    )


def _tail(machine: Machine, args: list[str], stdin: bytes) -> CommandOutcome:
    number, rest = _count(args)
    found = _gather(machine, _plain(rest), stdin, "tail")
    lines = found.out.splitlines(keepends=True)
    follows = "-f" in rest or "-F" in rest
    out = b"".join(lines[-number:]) if number else b""
    return CommandOutcome(out, found.err, found.code, None if follows and not found.code else 0.0)


def _ls(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    out, err = "", ""
    for name in _plain(args) or ["."]:
        path = machine.path(name)
        if path in machine.files:
            out += f"{name}\n"
        elif machine.is_directory(path):
            out += "".join(f"{child}\n" for child in _children(machine, path))
        else:
            err += f"ls: cannot access '{name}': No such file or directory\n"
    return CommandOutcome(out.encode(), err.encode(), 2 if err else 0)


def _children(machine: Machine, path: str) -> list[str]:
    prefix = "/" if path == "/" else f"{path}/"
    known = (*machine.files, *machine.directories)
    return sorted({p[len(prefix) :].split("/")[0] for p in known if p.startswith(prefix)})


def _cd(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    target = machine.path(args[0] if args else machine.env.get("HOME", "/"))
    if not machine.is_directory(target):
        return failed(f"sh: 1: cd: can't cd to {args[0]}\n", 2)
    machine.cwd = target
    return CommandOutcome()


def _mkdir(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    for name in _plain(args):
        machine.directories.add(machine.path(name))
    return CommandOutcome()


def _rm(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    forced = any(arg.startswith("-") and "f" in arg for arg in args)
    for name in _plain(args):
        path = machine.path(name)
        if machine.files.pop(path, None) is None and not machine.is_directory(path) and not forced:
            return failed(f"rm: cannot remove '{name}': No such file or directory\n")
        machine.directories.discard(path)
        for inside in [p for p in machine.files if p.startswith(f"{path}/")]:
            del machine.files[inside]
    return CommandOutcome()


def _cp(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    names = _plain(args)
    file = machine.files.get(machine.path(names[0])) if len(names) == 2 else None  # noqa: PLR2004
    if file is None:
        return failed(f"cp: cannot stat '{names[0] if names else ''}': No such file or directory\n")
    target = machine.path(names[1])
    if machine.is_directory(target):
        target = f"{target}/{names[0].rsplit('/', 1)[-1]}"
    machine.files[target] = File(file.content, file.program)
    return CommandOutcome()


def _tar(machine: Machine, args: list[str], stdin: bytes) -> CommandOutcome:
    """An archive written to stdout (``tar cf - PATH``) or taken from stdin (``tar xmf -``)."""
    import io
    import tarfile

    mode, at = args[0].lstrip("-") if args else "", "-C" in args and args[args.index("-C") + 1]
    base = machine.path(str(at or machine.cwd))
    if "x" in mode:
        return _unpacked(machine, base, consumed(stdin))
    names, out = [n for n in _plain(args[1:]) if n not in {"-", at}], io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in names:
            path = machine.path(name if name.startswith("/") else f"{base}/{name}")
            held = [p for p in machine.files if p == path or p.startswith(f"{path}/")]
            if not held and not machine.is_directory(path):
                text = "Cannot stat: No such file or directory"
                end = "tar: Exiting with failure status due to previous errors"
                return failed(f"tar: {name}: {text}\n{end}\n", 2)
            for each in held:
                row = tarfile.TarInfo(name.lstrip("/") + each.removeprefix(path))
                row.size = len(machine.files[each].content)
                archive.addfile(row, io.BytesIO(machine.files[each].content))
    return CommandOutcome(out=out.getvalue())


def _unpacked(machine: Machine, base: str, data: bytes) -> CommandOutcome:
    import io
    import tarfile

    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for row in archive:
                path = machine.path(f"{base}/{row.name}")
                held = archive.extractfile(row)
                if held is None:
                    machine.directories.add(path)
                else:
                    machine.files[path] = File(held.read())
                    machine.directories.add(path.rpartition("/")[0] or "/")
    except tarfile.TarError:
        return failed("tar: This does not look like a tar archive\n", 2)
    return CommandOutcome()


def _export(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    for arg in args:
        name, equals, value = arg.partition("=")
        if equals:
            machine.env[name] = value
    return CommandOutcome()


def _env(machine: Machine, _args: list[str], _stdin: bytes) -> CommandOutcome:
    rows = (f"{name}={value}\n" for name, value in machine.env.items() if name.isidentifier())
    return printed("".join(rows))


def _grep(machine: Machine, args: list[str], stdin: bytes) -> CommandOutcome:
    flags = "".join(arg[1:] for arg in args if arg.startswith("-"))
    names = _plain(args)
    if not names:
        return failed("grep: no pattern\n", 2)
    found = _gather(machine, names[1:], stdin, "grep")
    pattern = re.escape(names[0]) if "F" in flags else names[0]
    wanted = re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
    lines = found.out.decode(errors="replace").splitlines()
    rows = [line for line in lines if bool(wanted.search(line)) != ("v" in flags)]
    code = 0 if rows else 1
    if "q" in flags:
        return CommandOutcome(code=code)
    if "c" in flags:
        return printed(f"{len(rows)}\n", code)
    return printed("".join(f"{row}\n" for row in rows), code)


def _wc(machine: Machine, args: list[str], stdin: bytes) -> CommandOutcome:
    found = _gather(machine, _plain(args), stdin, "wc")
    counts = {"-l": found.out.count(b"\n"), "-c": len(found.out), "-w": len(found.out.split())}
    chosen = [str(counts[arg]) for arg in args if arg in counts]
    return printed(" ".join(chosen or [str(counts[key]) for key in ("-l", "-w", "-c")]) + "\n")


def _sleep(_machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    text = args[0] if args else ""
    if text in {"infinity", "inf"}:
        return CommandOutcome(seconds=None)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not match:
        return failed(f"sleep: invalid time interval '{text}'\n")
    unit = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    return CommandOutcome(seconds=float(match[1]) * unit)


def _test(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    words = args[:-1] if args[-1:] == ["]"] else args
    if len(words) == 2:  # noqa: PLR2004 -- an operator and its operand
        path = machine.path(words[1])
        checks = {
            "-f": path in machine.files,
            "-e": path in machine.files or machine.is_directory(path),
            "-d": machine.is_directory(path),
            "-x": path in machine.files and machine.files[path].executable,
            "-n": bool(words[1]),
            "-z": not words[1],
        }
        return CommandOutcome(code=0 if checks.get(words[0]) else 1)
    if len(words) == 3:  # noqa: PLR2004 -- two operands and their operator
        same = words[0] == words[2]
        return CommandOutcome(code=0 if same == (words[1] in {"=", "==", "-eq"}) else 1)
    return CommandOutcome(code=0 if words and words[0] else 1)


def _exit(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    text = args[0] if args else machine.env.get("?", "0")
    return CommandOutcome(code=int(text) % 256 if text.isdecimal() else 2)


def _pwd(machine: Machine, _args: list[str], _stdin: bytes) -> CommandOutcome:
    return printed(f"{machine.cwd}\n")


def _hostname(machine: Machine, _args: list[str], _stdin: bytes) -> CommandOutcome:
    return printed(f"{machine.hostname}\n")


def _uname(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    kernel = "5.10.134-19.2.al8.x86_64"
    whole = f"Linux {machine.hostname} {kernel} #1 SMP x86_64 GNU/Linux"
    return printed({"-a": whole, "-r": kernel, "-m": "x86_64"}.get("".join(args), "Linux") + "\n")


def _date(machine: Machine, _args: list[str], _stdin: bytes) -> CommandOutcome:
    return printed(machine.now.strftime("%a %b %d %H:%M:%S UTC %Y\n"))


def _which(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    names = [name for name in args if name in COMMANDS and _installed(machine, name)]
    return printed(
        "".join(f"/usr/bin/{name}\n" for name in names), 0 if len(names) == len(args) else 1
    )


def _installed(machine: Machine, name: str) -> bool:
    if name == "nvcc":
        return bool(machine.toolkit)
    return name != "nvidia-smi" or machine.gpu is not None


def _getent(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    text, code, seconds = getent(machine.network, args)
    return CommandOutcome(text.encode(), code=code, seconds=seconds)


def _succeed(_machine: Machine, _args: list[str], _stdin: bytes) -> CommandOutcome:
    return CommandOutcome()


def _refuse(_machine: Machine, _args: list[str], _stdin: bytes) -> CommandOutcome:
    return CommandOutcome(code=1)


COMMANDS: dict[str, Command] = {
    ":": _succeed, "[": _test, "apt-get": apt_get, "cat": _cat, "cd": _cd, "chmod": _succeed,
    "cp": _cp, "date": _date, "echo": _echo, "env": _env, "exit": _exit, "export": _export,
    "false": _refuse, "getent": _getent, "grep": _grep, "head": _head, "hostname": _hostname,
    "id": lambda *_: printed("uid=0(root) gid=0(root) groups=0(root)\n"), "ls": _ls, "make": make,
    "mkdir": _mkdir, "nvcc": nvcc, "nvidia-smi": nvidia_smi, "printenv": _env, "printf": _printf,
    "pwd": _pwd, "rm": _rm, "set": _succeed, "sleep": _sleep, "sync": _succeed, "tail": _tail,
    "tar": _tar,     "test": _test, "touch": _succeed, "true": _succeed, "uname": _uname, "wc": _wc,
    "which": _which, "whoami": lambda *_: printed("root\n"),
}  # fmt: skip
