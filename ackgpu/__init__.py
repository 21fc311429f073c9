"""ackgpu: ACK clusters for lightweight GPU workloads, made, proved and removed.

The library is :class:`Ackgpu` (docs/python.md). Names are loaded when they are first used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs as much as Python's own start
    from ackgpu.cancel import CancelToken
    from ackgpu.library.calls import Answer
    from ackgpu.library.client import Ackgpu
    from ackgpu.library.operation import Operation

__version__ = "0.1.0"
__all__ = ["Ackgpu", "Answer", "CancelToken", "Operation", "__version__"]

_HOMES = {
    "Ackgpu": "ackgpu.library.client",
    "Answer": "ackgpu.library.calls",
    "CancelToken": "ackgpu.cancel",
    "Operation": "ackgpu.library.operation",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)
