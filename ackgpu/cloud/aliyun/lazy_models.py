"""SDK model packages whose classes are imported when they are first used.

``alibabacloud_vpc20160428.models`` imports 1,200 modules of which a command uses a handful; the
typed client needs the package object alone. :func:`install` puts a package in its place whose
attributes import on first use (PEP 562). The clients and the model classes stay the official ones.
See docs/adr/0004-lazy-sdk-imports.md.
"""

from __future__ import annotations

import importlib
import re
import sys
import threading
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType

_lock = threading.RLock()
_IMPORT = re.compile(r"^from \.(\w+) import (\w+)$", re.MULTILINE)


def install(sdk: str) -> ModuleType:
    """Make ``<sdk>.models`` lazy, and return it. Safe to call from several threads.

    Nothing changes where it was imported already, or where its ``__init__`` is not a list of
    one-class imports (``alibabacloud_quotas20200510.models`` is a single file).
    """
    name = f"{sdk}.models"
    with _lock:
        return sys.modules[name] if name in sys.modules else _put_in_place(sdk, name)


def _put_in_place(sdk: str, name: str) -> ModuleType:
    spec = find_spec(name)
    homes = _homes(spec)
    if spec is None or not homes:
        return importlib.import_module(name)
    module = module_from_spec(spec)
    module.__dict__["__all__"] = sorted(homes)
    module.__dict__["__getattr__"] = _resolver(module, homes)
    sys.modules[name] = module  # complete: import statements of other threads take no lock of ours
    setattr(sys.modules[sdk], "models", module)  # noqa: B010 -- ModuleType declares no such name
    return module


def _homes(spec: ModuleSpec | None) -> dict[str, str]:
    """Which submodule holds each class of the package."""
    if spec is None or spec.origin is None or not spec.submodule_search_locations:
        return {}
    text = Path(spec.origin).read_text(encoding="utf-8")
    return {attribute: home for home, attribute in _IMPORT.findall(text)}


def _resolver(module: ModuleType, homes: dict[str, str]) -> object:
    def resolve(attribute: str) -> object:
        home = homes.get(attribute)
        if home is None:
            raise AttributeError(f"module {module.__name__!r} has no attribute {attribute!r}")
        value: object = getattr(importlib.import_module(f".{home}", module.__name__), attribute)
        module.__dict__[attribute] = value
        return value

    return resolve
