"""What this machine has, and whether it works: for ``upscaler doctor`` and for reports of faults."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from upscaler._version import __version__
from upscaler.errors import UpscalerError
from upscaler.folders import cache_folder, config_folder, state_folder

if TYPE_CHECKING:
    from upscaler.models.model import Model

PACKAGES = ("torch", "numpy", "pillow", "imagecodecs", "tifffile", "pyvips", "av", "isal", "openvino", "pillow-heif")
_SIDE = 64  # pixels of the self test's tile
_GOOD = 35.0  # dB between a device's result and float32 on the CPU: below this something is wrong


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the doctor's: what was looked at, what was found, and whether that is as it should be."""

    about: str
    found: str
    good: bool = True


def examine(device: str = "auto") -> Iterator[Fact]:
    """All facts, quick ones first.  Raises DeviceError for a device that is not there."""
    yield Fact(
        "upscaler", f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    yield Fact("packages", ", ".join(_versions()))
    yield from _folders()
    yield from _devices(device)
    yield from _weights()
    yield from _self_test(device)


def _versions() -> Iterator[str]:
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} absent"


def _folders() -> Iterator[Fact]:
    for name, folder in (("cache", cache_folder()), ("config", config_folder()), ("state", state_folder())):
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
        yield Fact(name, f"{folder} ({size / 1e6:.1f} MB)")


def _devices(wish: str) -> Iterator[Fact]:
    import psutil
    import torch

    from upscaler.engine import devices
    from upscaler.engine.precision import cpu_computes_bf16

    memory = psutil.virtual_memory()
    yield Fact(
        "processor",
        f"{psutil.cpu_count(logical=False) or 1} cores, {torch.get_num_threads()} threads, "
        f"{'computes' if cpu_computes_bf16() else 'does not compute'} bfloat16 itself",
    )
    yield Fact("kernels", _kernels())
    yield Fact("memory", f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free")
    yield Fact("devices", ", ".join(devices.describe(torch.device(name)) for name in devices.available()))
    yield Fact("device used", ", ".join(devices.describe(found) for found in devices.pick(wish)))


def _kernels() -> str:
    from upscaler.engine.native.library import Unavailable, library

    try:
        return f"our own convolutions, {library().upscaler_lanes()} numbers at a time"
    except Unavailable as error:
        return f"torch's: {error}"


def _weights() -> Iterator[Fact]:
    from upscaler.models.catalogue import official_catalogue
    from upscaler.models.store import Store

    store = Store(offline=True)
    entries = official_catalogue().entries
    here = sum(
        bool(entry.files) and all(store.place(entry, file).is_file() for file in entry.files) for entry in entries
    )
    yield Fact(
        "models",
        f"{len(entries)} known, {here} in the cache, {'mirror ' + store.mirror if store.mirror else 'no mirror'}",
    )


def _self_test(device: str) -> Iterator[Fact]:
    """One tile on the device as it would be used, against the same in float32 on the CPU."""
    import numpy as np

    from upscaler.engine import Upscaler

    model = _a_model_at_hand()
    if model is None:
        yield Fact("self test", "no model's weights are at hand; `upscaler models download span` gets some", good=False)
        return
    y, x = np.mgrid[0:_SIDE, 0:_SIDE] / _SIDE
    tile = np.stack((x, y, (np.sin(40 * x * y) + 1) / 2), 2).astype(np.float32)
    expected = Upscaler(model, device="cpu", precision="fp32").upscale(tile)
    begun = time.perf_counter()
    try:
        result = Upscaler(model, device=device).upscale(tile)
    except UpscalerError as error:
        yield Fact("self test", f"{model.name}: {error}", good=False)
        return
    seconds = time.perf_counter() - begun
    difference = float(np.mean((result.astype(np.float64) - expected) ** 2))
    decibels = 99.0 if difference == 0 else -10 * float(np.log10(difference))
    good = bool(np.isfinite(result).all()) and decibels > _GOOD
    yield Fact(
        "self test",
        f"{model.name} x{model.scale:g} on one tile: {decibels:.0f} dB from float32 on the CPU, {seconds:.2f} s",
        good,
    )


def _a_model_at_hand() -> Model | None:
    from upscaler.models.catalogue import official_catalogue
    from upscaler.models.loading import load_entry
    from upscaler.models.store import Store

    store = Store(offline=True)
    entries = sorted(official_catalogue().entries, key=lambda e: (e.availability != "embedded", e.name != "span"))
    for entry in entries:
        try:
            return load_entry(entry, store.fetch(entry))
        except UpscalerError:
            continue
    return None


@dataclass(frozen=True, slots=True)
class CachePart:
    """A folder of the cache, all of which can be made or fetched again."""

    name: str
    files: int
    bytes: int


def cache_parts() -> list[CachePart]:
    """What the cache holds."""
    parts = []
    for folder in sorted(path for path in _children(cache_folder()) if path.is_dir()):
        files = [file for file in folder.rglob("*") if file.is_file()]
        parts.append(CachePart(folder.name, len(files), sum(file.stat().st_size for file in files)))
    return parts


def clear_cache(names: list[str]) -> list[CachePart]:
    """Removes these parts of the cache (all if none is named); what was removed.

    Raises UsageError for a part that is not there.
    """
    import shutil

    from upscaler.errors import UsageError

    parts = {part.name: part for part in cache_parts()}
    if unknown := [name for name in names if name not in parts]:
        raise UsageError(f"The cache has no part {unknown[0]!r}; it has {', '.join(parts) or 'nothing'}.")
    removed = [parts[name] for name in names or parts]
    for part in removed:
        shutil.rmtree(cache_folder() / part.name)
    return removed


def _children(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
