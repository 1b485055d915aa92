"""The official checkpoints and what is known of them, as the tests want them."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tests.shared import SHARED
from upscaler.networks import recognise
from upscaler.networks.family import AnyFamily, State, Traits

YEARS = ("ntire2024", "ntire2025", "ntire2026")


@dataclass(frozen=True)
class Official:
    """One system whose checkpoint is at hand; the years' INDEX.json files name the same facts differently."""

    name: str
    year: str
    checkpoint: str
    outer: str | None
    """The level of the checkpoint that holds the state dict."""

    goldens: tuple[str, ...]
    parameters: int
    multiply_adds: int
    set5_psnr_y: float

    def state(self) -> State:
        loaded: Any = torch.load(SHARED / "weights" / self.checkpoint, map_location="cpu", weights_only=True)
        if self.outer:
            loaded = loaded[self.outer]
        return {key: value for key, value in loaded.items() if isinstance(value, Tensor)}

    def cases(self) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
        """Inputs and the outputs of the authors' code, in the network's own value range."""
        found = []
        for name in self.goldens:
            golden = np.load(SHARED / name)
            found += [(golden[f"x{i}"], golden[f"y{i}"]) for i in range(9) if f"x{i}" in golden]
        return found


def officials(*years: str) -> list[Official]:
    found = []
    for year in years or YEARS:
        index = SHARED / "weights" / year / "INDEX.json"
        rows = json.loads(index.read_text()) if index.is_file() else []
        found += [
            _official(year, row)
            for row in rows
            if row.get("available", True)
            # One of 2026's rows is the file of 2024 again.
            and (SHARED / "weights" / year / row["checkpoint"]).is_file()
        ]
    return found


def _official(year: str, row: dict[str, Any]) -> Official:
    cost, quality = row["multiply_adds_256"], row["set5_x4_psnr_y"]
    return Official(
        name=row["name"],
        year=year,
        checkpoint=f"{year}/{row['checkpoint']}",
        outer=row.get("state_dict_key") or row.get("state_dict", {}).get("outer"),
        goldens=tuple(row.get("goldens") or [row["golden"]]),
        # What the inference form leaves out of some files is never read, or has no effect.
        parameters=row.get("n_params_inference", row["n_params"]),
        multiply_adds=cost if isinstance(cost, int) else cost["total"],
        set5_psnr_y=quality if isinstance(quality, float) else quality["mean"],
    )


@dataclass(frozen=True)
class Loaded:
    family: AnyFamily
    network: nn.Module
    traits: Traits


def build(state: State, family: AnyFamily) -> Loaded:
    config = family.read_config(shapes(state))
    network = family.build(config).eval().requires_grad_(False)
    network.load_state_dict(family.convert(state, config) if family.convert else state)
    return Loaded(family, network, family.traits(config))


@lru_cache(maxsize=4)
def load(official: Official) -> Loaded:
    """The network with its official weights; the checkpoint must match exactly one architecture."""
    state = official.state()
    (family,) = recognise(shapes(state))
    return build(state, family)


def shapes(state: State) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in state.items()}
