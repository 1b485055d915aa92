"""The kernels as a library: built once for each machine by its own compiler, in some seconds, and kept in the cache."""

import ctypes
import hashlib
import importlib
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from upscaler.folders import cache_folder

SOURCE = Path(__file__).with_name("kernels.cpp")

FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fopenmp", "-fPIC")

COMPILERS = ("g++", "c++")

PATIENCE = 120
"""Seconds that a compiler may take; it takes three."""


class Unavailable(Exception):
    """The kernels cannot be had here; the text says why."""


def library() -> ctypes.CDLL:
    """The kernels, built if they are not in the cache.  Raises Unavailable."""
    kernels = _kernels()
    if isinstance(kernels, Unavailable):
        raise kernels
    return kernels


def available() -> bool:
    """The kernels can be had here; they are built if they are not in the cache."""
    return not isinstance(_kernels(), Unavailable)


def loaded() -> ctypes.CDLL | None:
    """The kernels, if something has needed them already: nothing is built for small favours."""
    return library() if _kernels.cache_info().currsize and available() else None


@cache
def _kernels() -> ctypes.CDLL | Unavailable:
    if sys.platform != "linux":
        return Unavailable("they are built on Linux only")
    try:
        return _loaded(_built())
    except Unavailable as error:
        return error
    except (OSError, subprocess.SubprocessError) as error:
        return Unavailable(f"building them failed ({error})")


def _compiler() -> str | None:
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


def _built() -> Path:
    compiler = _compiler()
    if compiler is None:
        raise Unavailable("there is no C++ compiler")
    program = Path(compiler).resolve()
    version = f"{program} {program.stat().st_size} {program.stat().st_mtime_ns}".encode()
    flags = (*FLAGS, *_for_this_processor())
    facts = (SOURCE.read_bytes(), version, " ".join(flags).encode(), _processor())
    path = cache_folder() / "native" / f"{hashlib.sha256(b'|'.join(facts)).hexdigest()[:24]}.so"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unit, new = (path.with_suffix(f".{os.getpid()}.{ending}") for ending in ("o", "part"))
        try:
            # Linked without -fopenmp, so that its symbols are found in torch's runtime: two would fight for the cores.
            for command in ([*flags, "-c", str(SOURCE), "-o", str(unit)], ["-shared", str(unit), "-o", str(new)]):
                subprocess.run([compiler, *command], capture_output=True, check=True, timeout=PATIENCE)
            new.replace(path)
        finally:
            unit.unlink(missing_ok=True)
            new.unlink(missing_ok=True)
    return path


def _for_this_processor() -> tuple[str, ...]:
    if platform.machine().lower() in ("aarch64", "arm64"):
        return ("-mcpu=native",)
    return ("-march=native", "-mprefer-vector-width=512")


def _processor() -> bytes:
    """What the processor can do: a home may be shared by machines."""
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return platform.processor().encode()
    return next((line for line in lines if line.startswith((b"flags", b"Features"))), b"")


def _loaded(path: Path) -> ctypes.CDLL:
    # The library takes the OpenMP runtime that is there: torch's.
    importlib.import_module("torch")
    kernels = ctypes.CDLL(str(path))
    kernels.upscaler_scratch.restype = ctypes.c_long
    return kernels
