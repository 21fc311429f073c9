"""What the SDKs import at their top and seldom use, imported when it is first used.

``alibabacloud_vpc20160428.models`` imports 1,200 modules of which a command uses a handful; the
typed client needs the package object alone. :func:`install` puts a package in its place whose
attributes import on first use (PEP 562). :func:`put_off_aiohttp` does so with the HTTP library of
the SDKs' asynchronous calls. Clients, model classes and library stay the official ones.
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
from typing import Any

_lock = threading.RLock()
_AIOHTTP = "aiohttp"
_NAMED_IN_HINTS = {"ClientSession", "ClientResponse", "__path__"}
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


def put_off_aiohttp() -> None:
    """Let an SDK's ``import aiohttp`` load nothing until something of it is used.

    The SDKs' core imports it for asynchronous calls, of which ackgpu makes none. It is the real
    module, for everybody in this process who imports it. Nothing changes where it was imported
    already, or is not installed.
    """
    with _lock:
        spec = None if _AIOHTTP in sys.modules else find_spec(_AIOHTTP)
        if spec is None:
            return
        module = ModuleType(_AIOHTTP, "Loads itself when something of it is used.")
        module.__dict__["__spec__"] = spec
        module.__dict__["__getattr__"] = _loader(module, spec)
        sys.modules[_AIOHTTP] = module


def _loader(module: ModuleType, spec: ModuleSpec) -> object:
    stands_in = True

    def load(attribute: str) -> object:
        nonlocal stands_in
        asked_by = str(sys._getframe(1).f_globals.get("__name__"))  # noqa: SLF001 -- see below
        if stands_in and attribute in _NAMED_IN_HINTS and asked_by.startswith("darabonba."):
            # What its core names at import are type hints. A module without a path is no package,
            # so that the import statement asks for the class and nothing else.
            if attribute == "__path__":
                raise AttributeError(attribute)
            return Any
        with _lock:
            if stands_in and spec.loader is not None:
                stands_in = False
                # Not before now: whoever imports ``aiohttp.web`` first asks for the path, and so
                # loads the package before its parts, in the order that they are written for.
                module.__dict__["__path__"] = spec.submodule_search_locations
                module.__dict__["__file__"] = spec.origin
                spec.loader.exec_module(module)
        own = module.__dict__["__getattr__"]
        if attribute not in module.__dict__ and own is load:
            raise AttributeError(f"module {module.__name__!r} has no attribute {attribute!r}")
        found: object = getattr(module, attribute)
        return found

    return load
