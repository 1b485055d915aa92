"""Who computes a network, and in which type: what was asked for, or what is known to be fastest on this machine.

``auto`` takes what ``upscaler bench`` found here for this model.  Where nothing was measured it takes our own kernels
for networks that consist of what these are fast at, and torch for all others.  So the same machine gives the same
bytes from one run to the next.
"""

import hashlib
import json
import platform
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import torch

from upscaler.engine.devices import describe
from upscaler.engine.executors import Executor
from upscaler.engine.executors.eager import Eager
from upscaler.engine.executors.native import Native
from upscaler.engine.executors.openvino import OpenVino
from upscaler.engine.native.fusing import share_of_kernels
from upscaler.engine.native.library import Unavailable, available, library
from upscaler.engine.precision import DTYPES, Precision, pick
from upscaler.engine.precision import NAMES as PRECISIONS
from upscaler.errors import UsageError
from upscaler.folders import cache_folder
from upscaler.models.model import Model

Name = Literal["torch", "native", "compile", "openvino"]

NAMES: tuple[Name, ...] = ("torch", "native", "compile", "openvino")

MOSTLY = 0.88
"""Share of a network's weights in layers that our kernels compute, from which on these are as fast in float32 as torch
in bfloat16 (measured on the systems of NTIRE 2024)."""

SOME = 0.5
"""The same, from which on they are no slower than torch in float32."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What an executor is made for."""

    model: Model
    device: torch.device
    dtype: torch.dtype
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, for a model on a device."""

    model: Model
    device: torch.device
    executor: str = "auto"
    precision: Precision = "auto"
    threads: int | None = None

    def key(self) -> str:
        """One text for everything that a measurement depends on."""
        facts = [
            self.model.sha256,
            describe(self.device),
            self.precision,
            str(self.threads or torch.get_num_threads()),
            torch.__version__,
            platform.machine(),
            platform.processor(),
            torch.backends.cpu.get_cpu_capability(),
        ]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def make(name: Name, setting: Setting) -> Executor:
    """Raises UsageError where its package is missing or the device is not one of its."""
    if name == "torch":
        return Eager(setting.model, setting.device, setting.dtype)
    if name == "compile":
        # torch._dynamo takes longer to import than all the rest.
        from upscaler.engine.executors.compiled import Compiled

        return Compiled(setting.model, setting.device, setting.dtype)
    if setting.device.type != "cpu":
        raise UsageError(f"The executor {name} computes on the CPU; take --device cpu with it.")
    if name == "native":
        return Native(setting.model, setting.device, setting.dtype)
    return OpenVino(setting.model, setting.dtype, setting.threads)


def chosen(wish: Wish) -> tuple[Name, torch.dtype]:
    """Who computes, and in which type.

    Raises UsageError for an executor that is not known or not to be had, DeviceError for a precision that the device
    cannot compute in.
    """
    if wish.executor != "auto":
        name = named(wish.executor)
        if name == "native":
            _require_kernels()
        return name, _type_for(name, wish)
    found = _recorded().get(wish.key())
    return found if found and _still_there(found[0]) else _unmeasured(wish)


def _still_there(name: Name) -> bool:
    """What was measured may have been uninstalled since."""
    if name == "native":
        return available()
    return name != "openvino" or find_spec("openvino") is not None


def _type_for(name: Name, wish: Wish) -> torch.dtype:
    # Nothing need be given up for speed there.
    if name == "native" and wish.precision == "auto" and share_of_kernels(wish.model.network) >= MOSTLY:
        return torch.float32
    return pick(wish.precision, wish.model, wish.device)


def _unmeasured(wish: Wish) -> tuple[Name, torch.dtype]:
    """What is the fastest of torch and our kernels as a rule, without giving up more than need be."""
    dtype = pick(wish.precision, wish.model, wish.device)
    half = dtype != torch.float32
    # Where the processor multiplies whole matrices, torch's bfloat16 is out of reach.
    if wish.device.type != "cpu" or dtype == torch.float16 or (half and torch.cpu._is_amx_tile_supported()):
        return "torch", dtype
    if available() and share_of_kernels(wish.model.network) >= (MOSTLY if half else SOME):
        return "native", _type_for("native", wish)
    return "torch", dtype


def _require_kernels() -> None:
    try:
        library()
    except Unavailable as error:
        raise UsageError(f"The executor native cannot be had here: {error}.") from error


def named(text: str) -> Name:
    """An executor's name.  Raises UsageError for one that is not known."""
    for name in NAMES:
        if text == name:
            return name
    raise UsageError(f"There is no executor {text!r}; there is auto, {', '.join(NAMES)}.")


def record(wish: Wish, name: Name, dtype: torch.dtype) -> None:
    """Let ``auto`` take this from now on for such a wish."""
    known = {key: (name, PRECISIONS[dtype]) for key, (name, dtype) in _recorded().items()}
    known[wish.key()] = name, PRECISIONS[dtype]
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".part")
    new.write_text(json.dumps(known, indent=1))
    new.replace(path)


def _recorded() -> dict[str, tuple[Name, torch.dtype]]:
    """What was measured here; nothing if the file is absent or not ours."""
    try:
        found = json.loads(_path().read_text())
        return {key: (named(name), DTYPES[kind]) for key, (name, kind) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError, UsageError):
        return {}


def _path() -> Path:
    return cache_folder() / "executors.json"
