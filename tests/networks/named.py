"""The networks that users ask for by name and whose weights are not at hand: seeded, in their authors' layout."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from tests.networks.official import Loaded, build
from tests.networks.seeded import seeded_cases, seeded_state
from tests.shared import SHARED
from upscaler.networks import family
from upscaler.networks.esc import EscConfig
from upscaler.networks.esc_lte import EscLteConfig
from upscaler.networks.family import Shapes, State
from upscaler.networks.gmin import GminConfig
from upscaler.networks.seemore import SeemoreConfig

ESC = EscConfig(
    scale=4,
    width=64,
    mixed=16,
    estimator=8,
    blocks=5,
    layers=5,
    heads=4,
    side=32,
    first_hidden=128,
    hidden=80,
    normed=False,
)
LIGHT = replace(ESC, blocks=3)
REAL = replace(ESC, blocks=10, hidden=128, normed=True)
FP = replace(ESC, width=48, estimator=4, heads=3, first_hidden=72, hidden=60, normed=True)
SEEMORE_T = SeemoreConfig(scale=4, width=36, groups=6, ranks=(2, 4, 8))
SEEMORE_B = replace(SEEMORE_T, width=48, groups=8)
SEEMORE_L = replace(SEEMORE_T, width=48, groups=16)
GMIN_L = GminConfig(4, width=64, modules=9)


@dataclass(frozen=True)
class Named:
    """One network at one scale, as its golden has it."""

    golden: str
    architecture: str
    config: Any

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the goldens' index says of it."""
        rows = json.loads((SHARED / "goldens" / "seeded" / "INDEX_esc_seemore_gmin.json").read_text())
        facts: Mapping[str, Any] = next(row for row in rows if row["name"] == self.golden)
        return facts


NAMED = (
    *(Named(f"esc-x{r}", "esc", replace(ESC, scale=r)) for r in (2, 3, 4)),
    Named("esc-x4-bias", "esc", ESC),
    Named("esc-light-x4", "esc", LIGHT),
    *(Named(f"esc-fp-x{r}", "esc-fp", replace(FP, scale=r)) for r in (2, 3, 4)),
    Named("esc-real-x4", "esc-real", REAL),
    *(
        Named(f"esc-lte-s{r:g}", "esc-lte", EscLteConfig(r, replace(ESC, scale=1), 256))
        for r in (1.0, 2.0, 3.0, 3.7, 6.0)
    ),
    *(Named(f"seemore-t-x{r}", "seemore", replace(SEEMORE_T, scale=r)) for r in (2, 3, 4)),
    Named("seemore-b-x4", "seemore", SEEMORE_B),
    Named("seemore-l-x4", "seemore", SEEMORE_L),
    *(Named(f"gmin-x{r}", "gmin", GminConfig(r)) for r in (2, 3, 4)),
    Named("gmin-l-x4", "gmin", GMIN_L),
)


def layout(named: Named) -> Shapes:
    """Keys and shapes of the file that its authors would publish."""
    own = family(named.architecture).build(named.config).state_dict()
    return {_published(named, key): tuple(value.shape) for key, value in own.items()}


def _published(named: Named, key: str) -> str:
    return key.replace(".conv_1.1.", ".conv_1.2.") if named.architecture == "seemore" else key


def state(named: Named) -> State:
    """Such a file's contents, as the golden was made with."""
    return {key: _emphasised(named, key, value) for key, value in seeded_state(layout(named)).items()}


def _emphasised(named: Named, key: str, value: Tensor) -> Tensor:
    """Weights that would hardly show in the result are made larger in some goldens."""
    if named.architecture == "gmin" and key.startswith("body.") and value.ndim == 4:
        return (value.double() * 1.4).float()
    if named.golden == "esc-x4-bias" and key.endswith("relative_position_bias"):
        return (value.double() * 31.5).float()
    return value


@lru_cache(maxsize=2)
def load(named: Named) -> Loaded:
    """The network; its scale, where no file says it, as asked for."""
    found = build(state(named), family(named.architecture))
    if found.family.any_scale is None:
        return found
    network = found.family.build(named.config).eval().requires_grad_(False)
    network.load_state_dict(found.network.state_dict())
    return Loaded(found.family, network, found.family.traits(named.config))


def error(named: Named, loaded: Loaded) -> float:
    """The largest difference from the authors' code, as a part of the largest value."""
    worst = 0.0
    for x, y in seeded_cases(named.golden):
        with torch.inference_mode():
            ours = _own_range(named, loaded, torch.from_numpy(x))
        worst = max(worst, float(abs(ours.numpy() - y).max() / abs(y).max()))
    return worst


def _own_range(named: Named, loaded: Loaded, x: Tensor) -> Tensor:
    """The golden's range is -1..1 for LTE, which we run in 0..1."""
    if named.architecture != "esc-lte":
        y: Tensor = loaded.network(x)
        return y
    result: Tensor = loaded.network((x + 1) / 2) * 2 - 1
    return result
