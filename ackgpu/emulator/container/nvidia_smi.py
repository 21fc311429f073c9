"""``nvidia-smi``, emulated: the table, ``-L``, ``-q`` and ``--query-gpu``.

Layouts are those of the driver branches 418, 470 and 535; the first is documented in ACK's page on
lightweight GPU nodes, the others are the tool's own.
"""

from __future__ import annotations

from ackgpu.emulator.container.machine import CommandOutcome, Machine, printed
from ackgpu.emulator.kube.objects import uid_of
from ackgpu.emulator.shared.gpus import Gpu

MISMATCH = "Failed to initialize NVML: Driver/library version mismatch\n"
UNLOADED = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that"
    " the latest NVIDIA driver is installed and running.\n\n"
)
WIDE_SINCE, MIG_SINCE = 530, 450  # driver branches from which the wider and the MIG layout hold
WIDE, NARROW = 41, 31  # columns of the table's first cell
IDLE = "No running processes found"


def nvidia_smi(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    """What the tool prints; exit code 127 without a GPU, 18 and 9 if the driver is broken."""
    if machine.gpu is None:
        return CommandOutcome(err=b"sh: 1: nvidia-smi: not found\n", code=127)
    if "driver_mismatch" in machine.faults:
        return CommandOutcome(out=MISMATCH.encode(), code=18)
    if "driver_unloaded" in machine.faults:
        return CommandOutcome(out=UNLOADED.encode(), code=9)
    options = dict(_options(args))
    number = options.get("-i") or options.get("--id") or "0"
    if number not in {str(index) for index in range(machine.gpu.count)}:
        return CommandOutcome(out=b"No devices were found\n", code=6)
    return _answer(machine, machine.gpu, options)


def _answer(machine: Machine, gpu: Gpu, options: dict[str, str]) -> CommandOutcome:
    if "-L" in options or "--list-gpus" in options:
        devices = range(gpu.count)
        return _print([f"GPU {n}: {gpu.name} (UUID: {uuid_of(machine, n)})" for n in devices])
    if "--query-gpu" in options:
        return _query(machine, gpu, options)
    if "-q" in options or "--query" in options:
        return _print(_full(machine, gpu))
    unknown = [name for name in options if name not in {"-i", "--id"}]
    if unknown:
        text = (
            f"Invalid combination of input arguments. Please run 'nvidia-smi -h'.\n{unknown[0]}\n"
        )
        return printed(text, 2)
    return _print(_table(machine, gpu))


def _print(lines: list[str]) -> CommandOutcome:
    return CommandOutcome(out="".join(f"{line}\n" for line in lines).encode())


def _options(args: list[str]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    waiting = iter(args)
    for arg in waiting:
        name, equals, value = arg.partition("=")
        takes_next = not equals and name in {"-i", "--id", "--query-gpu", "--format"}
        rows.append((name, next(waiting, "") if takes_next else value))
    return rows


def uuid_of(machine: Machine, number: int) -> str:
    """The UUID of a GPU."""
    return f"GPU-{uid_of('gpu', machine.hostname, str(number))}"


def _query(machine: Machine, gpu: Gpu, options: dict[str, str]) -> CommandOutcome:
    form = options.get("--format", "").split(",")
    if "csv" not in form:
        return printed('"--format=" switch is missing. Format must be specified.\n', 2)
    names = [name.strip() for name in options["--query-gpu"].split(",")]
    wanted = range(gpu.count)
    if chosen := options.get("-i") or options.get("--id"):
        wanted = range(int(chosen), int(chosen) + 1)
    rows = [_values(machine, gpu, number) for number in wanted]
    for name in names:
        if name not in rows[0]:
            return printed(f'Field "{name}" is not a valid field to query.\n\n', 2)
    bare = "nounits" in form
    shown = [", ".join(_cell(row[name], bare=bare) for name in names) for row in rows]
    if "noheader" not in form:
        units = {name: rows[0][name][1] for name in names}
        heads = (f"{n} [{units[n]}]" if units[n] and not bare else n for n in names)
        shown.insert(0, ", ".join(heads))
    return _print(shown)


def _cell(value: tuple[str, str], *, bare: bool) -> str:
    text, unit = value
    return text if bare or not unit else f"{text} {unit}"


def _values(machine: Machine, gpu: Gpu, number: int) -> dict[str, tuple[str, str]]:
    free = gpu.memory_mib - gpu.used_mib
    return {
        "index": (str(number), ""),
        "name": (gpu.name, ""),
        "gpu_name": (gpu.name, ""),
        "gpu_uuid": (uuid_of(machine, number), ""),
        "uuid": (uuid_of(machine, number), ""),
        "count": (str(gpu.count), ""),
        "driver_version": (gpu.driver, ""),
        "memory.total": (str(gpu.memory_mib), "MiB"),
        "memory.used": (str(gpu.used_mib), "MiB"),
        "memory.free": (str(free), "MiB"),
        "utilization.gpu": ("0", "%"),
        "compute_cap": (gpu.compute, ""),
        "pci.bus_id": (gpu.bus, ""),
        "pstate": ("P8", ""),
        "temperature.gpu": ("[N/A]", ""),
        "persistence_mode": ("Enabled", ""),
    }


def _full(machine: Machine, gpu: Gpu) -> list[str]:
    """The part of ``-q`` that tells of driver, product, licence and memory."""
    licence = "Unlicensed (Unrestricted)" if "unlicensed" in machine.faults else "Licensed"
    rows = [
        "",
        "==============NVSMI LOG==============",
        "",
        f"Timestamp                                 : {machine.now:%a %b %e %H:%M:%S %Y}",
        f"Driver Version                            : {gpu.driver}",
        f"CUDA Version                              : {gpu.cuda}",
        "",
        f"Attached GPUs                             : {gpu.count}",
    ]
    for number in range(gpu.count):
        rows += [
            f"GPU {gpu.bus}",
            f"    Product Name                          : {gpu.name}",
            f"    GPU UUID                              : {uuid_of(machine, number)}",
        ]
        if _is_vgpu(gpu):
            rows += [
                "    vGPU Software Licensed Product",
                "        Product Name                      : NVIDIA RTX Virtual Workstation",
                f"        License Status                    : {licence}",
            ]
        rows += [
            "    FB Memory Usage",
            f"        Total                             : {gpu.memory_mib} MiB",
            f"        Used                              : {gpu.used_mib} MiB",
            f"        Free                              : {gpu.memory_mib - gpu.used_mib} MiB",
        ]
    return rows


def _is_vgpu(gpu: Gpu) -> bool:
    return gpu.name.startswith(("GRID ", "vGPU")) or gpu.name.endswith("Q")


def _table(machine: Machine, gpu: Gpu) -> list[str]:
    branch = int(gpu.driver.partition(".")[0])
    wide, mig = branch >= WIDE_SINCE, branch >= MIG_SINCE
    left = WIDE if wide else NARROW
    whole = left + 46
    bars = f"{'-' * left}+{'-' * 22}+{'-' * 22}"
    version = f"NVIDIA-SMI {gpu.driver:<{left - 18}}Driver Version: {gpu.driver:<13}"
    rows = [
        f"{machine.now:%a %b %e %H:%M:%S %Y}       ",
        f"+{'-' * whole}+",
        f"| {version}CUDA Version: {gpu.cuda:<9}|",
        f"|{bars}+",
        *_heads(wide=wide, mig=mig),
        f"|{bars.replace('-', '=')}|",
    ]
    for number in range(gpu.count):
        rows += [*_device(gpu, number, left, mig=mig), f"+{bars}+"]
    return [*rows, " " * (whole + 2), *_processes(whole, mig=mig)]


def _heads(*, wide: bool, mig: bool) -> list[str]:
    if wide:
        first = " GPU  Name                 Persistence-M "
        second = " Fan  Temp   Perf          Pwr:Usage/Cap "
    else:
        first = " GPU  Name        Persistence-M"
        second = " Fan  Temp  Perf  Pwr:Usage/Cap"
    rows = [
        f"|{first}| Bus-Id        Disp.A | Volatile Uncorr. ECC |",
        f"|{second}|         Memory-Usage | GPU-Util  Compute M. |",
    ]
    if mig:
        rows.append(f"|{' ' * len(first)}|{' ' * 22}|               MIG M. |")
    return rows


def _device(gpu: Gpu, number: int, left: int, *, mig: bool) -> list[str]:
    memory = f"{gpu.used_mib}MiB / {gpu.memory_mib:>5}MiB"
    name = f" {number:>3}  {gpu.name}"
    power, end = "N/A /  N/A", "  " if left == WIDE else "   "
    perf = f" N/A   N/A    P8{power:>{left - 17}} "
    rows = [
        f"|{name:<{left - 2 - len(end)}}On{end}| {gpu.bus:<16} Off |{'N/A':>21} |",
        f"|{perf}|{memory:>21} |      0%      Default |",
    ]
    if mig:
        rows.append(f"|{' ' * left}|{' ' * 22}|{'N/A':>21} |")
    return rows


def _processes(whole: int, *, mig: bool) -> list[str]:
    line = f"+{'-' * whole}+"
    if mig:
        first = "  GPU   GI   CI        PID   Type   Process name"
        heads = [
            f"| {'Processes:':<{whole - 1}}|",
            f"|{first:<{whole - 12}} GPU Memory |",
            f"|{'        ID   ID':<{whole - 12}} Usage      |",
        ]
    else:
        heads = [
            f"| {'Processes:':<{whole - 12}}GPU Memory |",
            f"|{'  GPU       PID   Type   Process name':<{whole - 12}} Usage      |",
        ]
    return [line, *heads, f"|{'=' * whole}|", f"|  {IDLE:<{whole - 2}}|", line]
