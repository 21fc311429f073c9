"""``nvcc``, ``make`` and the CUDA samples, emulated: what they print and how they end.

``nvcc`` knows a program by its kernel. A source without a kernel that is known here builds a
program that does nothing and ends with 0.
"""

from __future__ import annotations

import re

from ackgpu.emulator.container.machine import (
    CommandOutcome,
    File,
    Machine,
    consumed,
    failed,
    toolkit_row,
)
from ackgpu.emulator.shared.gpus import Gpu

SAMPLES = ("simpleTexture", "vectorAdd", "deviceQuery")
_KERNEL = re.compile(rb"__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)")
_KERNELS = {
    "vectoradd": "vectorAdd",
    "vecadd": "vectorAdd",
    "vector_add": "vectorAdd",
    "add": "vectorAdd",
    "transformkernel": "simpleTexture",
}
SAMPLES_UNTIL = 11.5  # the last toolkit whose samples are a package of their own


def nvcc(machine: Machine, args: list[str], stdin: bytes) -> CommandOutcome:
    """The compiler: ``-V``, or a source built into a program."""
    if not machine.toolkit:
        return CommandOutcome(err=b"sh: 1: nvcc: not found\n", code=127)
    if "-V" in args or "--version" in args:
        return CommandOutcome(out=_version(machine).encode())
    target, sources = "a.out", []
    waiting = iter(args)
    for arg in waiting:
        if arg in {"-o", "--output-file"}:
            target = next(waiting, target)
        elif arg == "-x":
            next(waiting, None)
        elif not arg.startswith("-") or arg == "-":
            sources.append(arg)
    if not sources:
        text = "nvcc fatal   : No input files specified; use option --help for more information\n"
        return failed(text)
    return _compile(machine, sources[0], target, stdin)


def _version(machine: Machine) -> str:
    row = toolkit_row(machine.toolkit)
    return (
        "nvcc: NVIDIA (R) Cuda compiler driver\n"
        f"Copyright (c) {row['years']} NVIDIA Corporation\n"
        f"Built on {row['built']}\n"
        f"Cuda compilation tools, release {machine.toolkit}, {row['build']}\n"
    )


def _compile(machine: Machine, source: str, target: str, stdin: bytes) -> CommandOutcome:
    file = machine.files.get(machine.path(source))
    if file is None and source != "-":
        return failed(f"nvcc fatal   : Could not open input file '{source}'\n")
    content = consumed(stdin) if file is None else file.content
    if b"main" not in content:
        text = "/usr/bin/ld: (.text+0x24): undefined reference to `main'\ncollect2: error: ld\n"
        return failed(text)
    names = [match.decode().lower() for match in _KERNEL.findall(content)]
    known = next((_KERNELS[name] for name in names if name in _KERNELS), "nothing")
    machine.files[machine.path(target)] = File(b"\x7fELF", program=known)
    return CommandOutcome(seconds=3.0)


def apt_get(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    """The package tool: ``update``, and ``install cuda-samples-X-Y`` where there is one."""
    words = [arg for arg in args if not arg.startswith("-")]
    if words[:1] == ["update"]:
        return CommandOutcome(out=b"Reading package lists... Done\n", seconds=5.0)
    if words[:1] != ["install"]:
        return failed(f"E: Invalid operation {' '.join(words)}\n", 100)
    out = "Reading package lists... Done\nBuilding dependency tree... Done\n"
    for package in words[1:]:
        if package != samples_package(machine):
            return CommandOutcome(
                out.encode(), f"E: Unable to locate package {package}\n".encode(), 100
            )
        for sample in SAMPLES:
            machine.directories.add(f"/usr/local/cuda-{machine.toolkit}/samples/0_Simple/{sample}")
        out += f"Setting up {package} ...\n"
    return CommandOutcome(out.encode(), seconds=20.0)


def samples_package(machine: Machine) -> str:
    """The package with the samples of the image's toolkit; empty where there is none."""
    if not machine.toolkit or float(machine.toolkit) > SAMPLES_UNTIL:
        return ""
    return f"cuda-samples-{machine.toolkit.replace('.', '-')}"


def make(machine: Machine, args: list[str], _stdin: bytes) -> CommandOutcome:
    """``make`` (or ``make -C DIRECTORY``) in a sample's directory."""
    where = machine.path(args[args.index("-C") + 1]) if "-C" in args[:-1] else machine.cwd
    name = where.rsplit("/", 1)[-1]
    if name not in SAMPLES or where not in machine.directories:
        return failed("make: *** No targets specified and no makefile found.  Stop.\n", 2)
    machine.files[f"{where}/{name}"] = File(b"\x7fELF", program=name)
    nvcc_path = f"/usr/local/cuda-{machine.toolkit}/bin/nvcc"
    return CommandOutcome(
        out=f"{nvcc_path} -ccbin g++ -m64 -o {name} {name}.o\n".encode(), seconds=10.0
    )


def run_program(machine: Machine, program: str) -> CommandOutcome:
    """A built program on the container's GPU."""
    if program == "nothing":
        return CommandOutcome()
    trouble = _trouble(machine)
    if trouble or machine.gpu is None:
        code, text = trouble or ("cudaErrorNoDevice", "no CUDA-capable device is detected")
        return failed(f"{program}: {text} (error code {code})!\n")
    wrong = "sample_wrong_result" in machine.faults
    if program == "simpleTexture":
        return _simple_texture(machine.gpu, wrong=wrong)
    if program == "deviceQuery":
        text = f'Device 0: "{machine.gpu.name}"\nResult = PASS\n'
        return CommandOutcome(out=text.encode(), seconds=1.0)
    return _vector_add(wrong=wrong)


def _trouble(machine: Machine) -> tuple[str, str] | None:
    """The CUDA error that every program meets, where there is one."""
    gpu = machine.gpu
    if gpu is None:
        return None
    if "driver_unloaded" in machine.faults:
        return "cudaErrorNoDevice", "no CUDA-capable device is detected"
    too_new = machine.toolkit and float(machine.toolkit) > float(gpu.cuda)
    if "driver_mismatch" in machine.faults or too_new:
        text = "CUDA driver version is insufficient for CUDA runtime version"
        return "cudaErrorInsufficientDriver", text
    if "unlicensed" in machine.faults:
        text = "all CUDA-capable devices are busy or unavailable"
        return "cudaErrorDevicesUnavailable", text
    return None


def _vector_add(*, wrong: bool) -> CommandOutcome:
    lines = [
        "[Vector addition of 50000 elements]",
        "Copy input data from the host memory to the CUDA device",
        "CUDA kernel launch with 196 blocks of 256 threads",
        "Copy output data from the CUDA device to the host memory",
    ]
    if wrong:
        text = "Result verification failed at element 12345!\n"
        return CommandOutcome(
            "".join(f"{line}\n" for line in lines).encode(), text.encode(), 1, 1.0
        )
    lines += ["Test PASSED", "Done"]
    return CommandOutcome("".join(f"{line}\n" for line in lines).encode(), seconds=1.0)


def _simple_texture(gpu: Gpu, *, wrong: bool) -> CommandOutcome:
    lines = [
        "simpleTexture starting...",
        f'GPU Device 0: "{gpu.name}" with compute capability {gpu.compute}',
        "",
        "Loaded 'lena_bw.pgm', 512 x 512 pixels",
        "Processing time: 0.038000 (ms)",
        "6898.53 Mpixels/sec",
        "Wrote './data/lena_bw_out.pgm'",
        "Comparing files",
        "    output:    <./data/lena_bw_out.pgm>",
        "    reference: <./data/ref_rotated.pgm>",
        f"simpleTexture completed, returned {'ERROR!' if wrong else 'OK'}",
    ]
    text = "".join(f"{line}\n" for line in lines)
    return CommandOutcome(text.encode(), code=1 if wrong else 0, seconds=1.0)
