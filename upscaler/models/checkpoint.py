"""Reading checkpoints: data, never code.

PyTorch files (both kinds) through ``weights_only``, safetensors (one file, or many behind an index), and ncnn pairs.
Files are hostile until they have been read: what would run code is refused, and so is what claims to be too large.
"""

import json
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from upscaler.errors import WeightsError
from upscaler.models.formats import INDEX_SUFFIX, head_of, sniff, what_it_is
from upscaler.models.ncnn import read_pair
from upscaler.networks.family import State

LARGEST = 8 << 30
"""Bytes of tensors above which a file is refused: the largest network here has 70 MB."""

OUTER = ("params_ema", "params", "state_dict", "model_state_dict", "model", "net", "network", "generator", "weights")
"""Levels under which programs put the state dict, best first (averaged weights before the last ones)."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state dict, and what the file says about it."""

    state: State
    metadata: Mapping[str, str] = field(default_factory=dict)


def parts(path: Path) -> tuple[Path, ...]:
    """The files that a checkpoint consists of, in an order that does not depend on which of them was named.

    An ncnn pair: graph, weights.  A sharded file: its index, then the shards by name.  Raises WeightsError.
    """
    if path.suffix.lower() in {".param", ".bin"} and (path.suffix.lower() == ".param" or _graph_of(path).is_file()):
        graph = _graph_of(path)
        weights = graph.with_suffix(".BIN" if path.suffix == ".BIN" else ".bin")
        for part in (graph, weights):
            if not part.is_file():
                raise WeightsError(
                    f"{path.name} is half of an ncnn model, and {part.name} is not beside it; put both into one folder."
                )
        return graph, weights
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}.")
    if path.name.endswith(INDEX_SUFFIX):
        shards = _shards(path)
        return path, *shards
    return (path,)


def read_checkpoint(path: Path, outer: str | None = None) -> Checkpoint:
    """The state dict of a checkpoint of any kind.

    Args:
        path: the file; of an ncnn pair either half, of a sharded file its index.
        outer: the level that holds the state dict, where it is known; otherwise it is found.

    Raises WeightsError: not a weights file, damaged, or it would run code.
    """
    files = parts(path)
    if files[0].suffix.lower() == ".param":
        return Checkpoint(read_pair(*files))
    if path.name.endswith(INDEX_SUFFIX):
        return _read_shards(files)
    head = head_of(path)
    match sniff(head):
        case "safetensors":
            return _read_safetensors(path)
        case "torch-zip" | "torch-pickle" as kind:
            return Checkpoint(_state_of(_read_torch(path, zipped=kind == "torch-zip"), path, outer))
        case "ncnn-param":
            raise WeightsError(f"{path.name} is an ncnn graph; name it NAME.param, with NAME.bin beside it.")
        case _:
            raise WeightsError(f"{path.name} is not a weights file: {what_it_is(head)}.")


def _graph_of(path: Path) -> Path:
    return path.with_suffix(".PARAM" if path.suffix == ".BIN" else ".param") if path.suffix.lower() == ".bin" else path


def _read_torch(path: Path, *, zipped: bool) -> Any:
    try:
        if zipped and _unpacked_size(path) > LARGEST:
            raise WeightsError(f"{path.name} unpacks to more than {LARGEST >> 30} GB; it was not opened.")
        return torch.load(path, map_location="cpu", weights_only=True)
    except WeightsError:
        raise
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path.name} holds more than weights and could run code when opened, so it was refused; "
            "ask its author for a safetensors file or a plain state dict."
        ) from error
    except MemoryError as error:
        raise WeightsError(f"{path.name} claims to be larger than the memory; it was not opened.") from error
    except Exception as error:  # torch and pickle raise whatever a damaged file makes them stumble over
        raise WeightsError(f"{path.name} is damaged or cut off: it cannot be read as a PyTorch checkpoint.") from error


def _unpacked_size(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _read_safetensors(path: Path) -> Checkpoint:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path.name} is damaged or cut off: it cannot be read as safetensors.") from error
    return Checkpoint(_state_of(state, path, None), metadata)


def _shards(index: Path) -> tuple[Path, ...]:
    try:
        names = set(json.loads(index.read_bytes())["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise WeightsError(f"{index.name} is not the index of a sharded safetensors file.") from error
    for name in names:
        # Names are only names: nothing outside the index's folder is opened.
        if not isinstance(name, str) or Path(name).name != name or "\\" in name:
            raise WeightsError(f"{index.name} points outside its own folder ({name!r}); it was refused.")
        if not (index.parent / name).is_file():
            raise WeightsError(f"{index.name} needs {name}, which is not beside it.")
    return tuple(index.parent / name for name in sorted(names))


def _read_shards(files: tuple[Path, ...]) -> Checkpoint:
    index, *shards = files
    where: dict[str, str] = json.loads(index.read_bytes())["weight_map"]
    state: State = {}
    for shard in shards:
        part = _read_safetensors(shard).state
        expected = {key for key, name in where.items() if name == shard.name}
        if part.keys() != expected:
            raise WeightsError(f"{shard.name} does not hold the tensors that {index.name} says; one of them is wrong.")
        state.update(part)
    return Checkpoint(state)


def _state_of(loaded: Any, path: Path, outer: str | None) -> State:
    """The state dict inside what a file holds, whatever the level."""
    state = _level(loaded, outer)
    if state is None and outer is not None:
        state = _level(loaded, None)
    if not state:
        raise WeightsError(f"{path.name} holds no network weights: there is no table of named tensors in it.")
    if sum(tensor.numel() * tensor.element_size() for tensor in state.values()) > LARGEST:
        raise WeightsError(f"{path.name} claims to hold more than {LARGEST >> 30} GB of weights; it was refused.")
    for key, tensor in state.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise WeightsError(f"{path.name} is damaged: {key} holds values that are not numbers.")
    return _without_prefix(state)


def _level(loaded: Any, outer: str | None) -> State | None:
    if not isinstance(loaded, Mapping):
        return None
    if outer is not None:
        return _tensors(loaded.get(outer))
    own = _tensors(loaded)
    if own:
        return own
    for key in OUTER:
        found = _level(loaded[key], None) if key in loaded else None
        if found:
            return found
    inner = [found for found in map(_tensors, loaded.values()) if found]
    return inner[0] if len(inner) == 1 else None


def _tensors(table: Any) -> State | None:
    if not isinstance(table, Mapping):
        return None
    # Strided and dense, or it is no weight; a stray number or text among them does no harm.
    return {
        key: value.detach()
        for key, value in table.items()
        if isinstance(key, str) and isinstance(value, Tensor) and value.layout == torch.strided
    }


def _without_prefix(state: State) -> State:
    """Without the level that wrappers for training on several devices or compiling put in front."""
    for prefix in ("module.", "_orig_mod."):
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state
