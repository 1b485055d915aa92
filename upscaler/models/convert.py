"""Published checkpoint -> inference form, done once: branches merged, names made good, stored as safetensors.

The stored form is named by the source's hash and by this version of the program, so it is made again when either
changes.  It says which architecture it is and what the source's tensors were, from which the configuration follows;
and it carries a hash of its own tensors, so that a damaged one is noticed and made again.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from upscaler._version import __version__
from upscaler.errors import WeightsError
from upscaler.folders import cache_folder
from upscaler.models.checkpoint import Checkpoint
from upscaler.networks import ARCHITECTURES, family
from upscaler.networks.family import AnyFamily, Shapes, State

log = logging.getLogger(__name__)

VERSION = f"{__version__}-1"
"""Raise the last number when a conversion changes between releases."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A state dict in the module's own layout, and what its configuration is read from."""

    architecture: str
    layout: Shapes
    """Keys and shapes of the published file."""

    state: State

    def config(self, name: str) -> Any:
        """The family's configuration.  Raises WeightsError; ``name`` is the file's."""
        return read_config(family(self.architecture), self.layout, name)


def converted(
    sha256: str, name: str, read: Callable[[], Checkpoint], decide: Callable[[Checkpoint], AnyFamily]
) -> Converted:
    """The inference form of a checkpoint: the stored one, or a new one.

    Args:
        sha256: of the checkpoint.
        name: of its file, for messages.
        read: gives the checkpoint.
        decide: gives its architecture.
    """
    place = cache_folder() / "converted" / f"{sha256[:32]}-{VERSION}.safetensors"
    stored = _stored(place, sha256)
    if stored is not None:
        return stored
    checkpoint = read()
    chosen = decide(checkpoint)
    layout = shapes(checkpoint.state)
    config = read_config(chosen, layout, name)
    if chosen.convert is None or "architecture" in checkpoint.metadata:
        return Converted(chosen.name, layout, checkpoint.state)
    fresh = Converted(chosen.name, layout, _merged(chosen, checkpoint.state, config, name))
    _store(fresh, place, sha256)
    return fresh


def shapes(state: State) -> Shapes:
    """What recognition and configuration go by."""
    return {key: tuple(value.shape) for key, value in state.items()}


def read_config(chosen: AnyFamily, layout: Shapes, name: str) -> Any:
    """The configuration that follows from a file's tensors.  Raises WeightsError if they do not fit together."""
    try:
        return chosen.read_config(layout)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise WeightsError(f"{name} looks like {chosen.name}, but its tensors do not fit together.") from error


def _merged(chosen: AnyFamily, state: State, config: Any, name: str) -> State:
    assert chosen.convert is not None
    try:
        return chosen.convert(state, config)
    except (LookupError, RuntimeError, ValueError) as error:
        raise WeightsError(f"{name} looks like {chosen.name}, but its tensors cannot be merged.") from error


def _stored(place: Path, sha256: str) -> Converted | None:
    """The stored form if it is there and whole."""
    if not place.is_file():
        return None
    try:
        with safe_open(place, framework="pt") as file:
            said = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        layout = {key: tuple(shape) for key, shape in json.loads(said["layout"]).items()}
    except (SafetensorError, OSError, ValueError, LookupError, AttributeError, TypeError):
        log.warning("The converted form %s is damaged; it is made again.", place.name)
        return None
    if said.get("source") != sha256 or said.get("tensors") != _digest(state):
        log.warning("The converted form %s is not what it says; it is made again.", place.name)
        return None
    return Converted(said["architecture"], layout, state) if said.get("architecture") in ARCHITECTURES else None


def _store(form: Converted, place: Path, sha256: str) -> None:
    """Writes the form, whole or not at all; where that cannot be, the next load converts again."""
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    state = {key: value.contiguous().clone() for key, value in form.state.items()}
    said = {
        "architecture": form.architecture,
        "layout": json.dumps({key: list(shape) for key, shape in form.layout.items()}),
        "source": sha256,
        "tensors": _digest(state),
    }
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        save_file(state, part, said)
        part.replace(place)
    except (OSError, SafetensorError) as error:
        log.info("The converted form could not be kept (%s).", error)
        with suppress(OSError):
            part.unlink()


def _digest(state: State) -> str:
    total = hashlib.sha256()
    for key in sorted(state):
        tensor = state[key].contiguous()
        total.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.flatten().numpy().tobytes())
    return total.hexdigest()
