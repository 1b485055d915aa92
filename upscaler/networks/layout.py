"""Reading a checkpoint's layout: keys made uniform, layers described by the shapes of their tensors."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from torch import nn

from upscaler.networks.blocks import ESA_GRID, ESA_MIN_SIZE
from upscaler.networks.family import Family, Shapes, Traits

V = TypeVar("V")

Rule = tuple[str, str | Callable[[re.Match[str]], str]]
"""A regular expression, and what its match in a key becomes (as ``re.sub`` takes it)."""

NUMBERED_BLOCKS: Rule = (r"^(?:block_|B)(\d+)\.", lambda found: f"blocks.{int(found[1]) - 1}.")
"""``block_1`` or ``B1`` is what most authors call ``blocks.0``."""


def renamed(entries: Mapping[str, V], *rules: Rule) -> dict[str, V]:
    """The entries of a state dict, or of its shapes, under new keys; the rules are applied to each key in order."""
    result = {}
    for key, value in entries.items():
        for pattern, target in rules:
            key = re.sub(pattern, target, key)
        result[key] = value
    return result


def count(shapes: Shapes, pattern: str) -> int:
    """How many keys match the whole pattern."""
    return sum(re.fullmatch(pattern, key) is not None for key in shapes)


MODULATION: tuple[Rule, ...] = ((r"^to_feat\.", "conv_1."), (r"^feats\.", "blocks."), (r"^to_img\.", "upsampler."))
"""SAFMN's names, which its relatives kept."""

BSRN: tuple[Rule, ...] = (
    NUMBERED_BLOCKS,
    (r"^fea_conv\.", "conv_1."),
    (r"^c1\.", "conv_2.0."),
    (r"^c2\.", "conv_2.2."),
    (r"^upsampler\.upsampleOneStep\.", "upsampler."),
)
"""BSRN's names, likewise; an activation stands between the two layers that fuse the blocks' results."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """All that there is to know of a chain of equal blocks between a first convolution and a head."""

    scale: int
    width: int
    depth: int


def sizes(shapes: Shapes, *rules: Rule) -> Sizes:
    """Of a network whose keys become those of ``blocks.ResidualNetwork`` by the rules."""
    own = renamed(shapes, *rules)
    depth = len({key.split(".")[1] for key in own if key.startswith("blocks.")})
    return Sizes(scale=shuffle_scale(own, "upsampler.0"), width=own["conv_1.weight"][0], depth=depth)


def chain(
    name: str,
    recognises: Callable[[Shapes], bool],
    build: Callable[[Sizes], nn.Module],
    traits: Callable[[Sizes], Traits],
    *rules: Rule,
) -> Family[Sizes]:
    """The family of such a network; its checkpoints are converted by the rules alone."""

    def read_config(shapes: Shapes) -> Sizes:
        return sizes(shapes, *rules)

    return Family(
        name=name,
        recognises=recognises,
        read_config=read_config,
        build=build,
        traits=traits,
        convert=lambda state, _: renamed(state, *rules),
    )


class Scaled(Protocol):
    """A configuration that knows its scale."""

    @property
    def scale(self) -> int: ...


def esa_traits(config: Scaled, *, value_range: float = 1.0, halo: int = 84, global_statistics: bool = False) -> Traits:
    """Of a ``blocks.ResidualNetwork`` of blocks with ESA."""
    return Traits(
        scale=config.scale,
        value_range=value_range,
        halo=halo,
        grid=ESA_GRID,
        min_size=ESA_MIN_SIZE,
        global_statistics=global_statistics,
        precise=("conv_1", "upsampler"),
    )


def shuffle_scale(shapes: Shapes, name: str) -> int:
    """The scale of the pixel shuffle behind this convolution, whose channels are three colours' sub-pixels."""
    return math.isqrt(shapes[f"{name}.weight"][0] // 3)
