"""The executor that was asked for, or the one that was measured to be the fastest on this machine.

``auto`` never guesses and never builds anything while a picture waits: it takes what ``upscaler bench`` found here for
this model, and torch where nothing was measured.  So the same machine gives the same bytes from one run to the next.
"""

import hashlib
import json
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Literal

import torch
from torch import Tensor

from upscaler.engine.devices import describe
from upscaler.engine.executors import Executor
from upscaler.engine.executors.eager import Eager
from upscaler.engine.executors.openvino import OpenVino
from upscaler.errors import UsageError
from upscaler.folders import cache_folder
from upscaler.models.model import Model

Name = Literal["torch", "compile", "openvino"]

NAMES: tuple[Name, ...] = ("torch", "compile", "openvino")


@dataclass(frozen=True, slots=True)
class Setting:
    """What an executor is made for."""

    model: Model
    device: torch.device
    dtype: torch.dtype
    threads: int | None = None

    def key(self) -> str:
        """One text for everything that a measurement depends on."""
        facts = [
            self.model.sha256,
            describe(self.device),
            str(self.dtype),
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
        raise UsageError("The executor openvino computes on the CPU; take --device cpu with it.")
    return OpenVino(setting.model, setting.dtype, setting.threads)


def chosen(wish: str, setting: Setting) -> Name:
    """The name that is meant.  Raises UsageError for one that is not known."""
    if wish == "auto":
        return _recorded().get(setting.key(), "torch")
    return named(wish)


def named(text: str) -> Name:
    """An executor's name.  Raises UsageError for one that is not known."""
    for name in NAMES:
        if text == name:
            return name
    raise UsageError(f"There is no executor {text!r}; there is auto, {', '.join(NAMES)}.")


def measure(
    setting: Setting, x: Tensor, window: Tensor | None, names: tuple[Name, ...] = NAMES, rounds: int = 5
) -> dict[Name, float]:
    """Median seconds per call on such inputs, rounds interleaved, of the executors that can run the network."""
    working: dict[Name, Executor] = {}
    for name in names:
        # A foreign runtime may say anything to a network that it does not know.
        with suppress(Exception):
            executor = make(name, setting)
            executor.run(x, window)
            working[name] = executor
    seconds: dict[Name, list[float]] = {name: [] for name in working}
    for _ in range(rounds):
        for name, executor in working.items():
            start = perf_counter()
            executor.run(x, window).cpu()
            seconds[name].append(perf_counter() - start)
    return {name: median(values) for name, values in seconds.items()}


def record(setting: Setting, seconds: dict[Name, float]) -> None:
    """Let ``auto`` take the fastest from now on."""
    known = _recorded()
    known[setting.key()] = min(seconds, key=lambda name: seconds[name])
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".part")
    new.write_text(json.dumps(known, indent=1))
    new.replace(path)


def _recorded() -> dict[str, Name]:
    """What was measured here; nothing if the file is absent or not ours."""
    try:
        found = json.loads(_path().read_text())
    except (OSError, ValueError):
        return {}
    known = {name: name for name in NAMES}
    return {key: known[value] for key, value in found.items() if value in known} if isinstance(found, dict) else {}


def _path() -> Path:
    return cache_folder() / "executors.json"
