"""SPAN: attention without parameters.

Special: a block's own result h, squashed by sigmoid(h) - 0.5, multiplies h + x; no global skip.
Source:  Wan et al., "Swift Parameter-free Attention Network for Efficient Super-Resolution", 2024 (arXiv 2311.12770);
         28 and 26 channels: NTIRE 2024 report, teams XiaomiMM and SPAN-T; DSCF and 28 channels gathered into 20: of
         NTIRE 2025.
Reach:   one pixel for each of the 21 convolutions of 3x3; nothing global, so tiles are exact.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    PixelShuffleHead,
    add_at_centre,
    conv1x1,
    conv3x3,
    entering,
    fold_expansion,
    fold_reduction,
    mean_colour,
)
from upscaler.networks.family import Family, Shapes, State, Traits
from upscaler.networks.layout import NUMBERED_BLOCKS, renamed, shuffle_scale

BLOCKS = 6


@dataclass(frozen=True, slots=True)
class SpanConfig:
    scale: int
    width: int
    gathered: int
    """Channels after the concatenation; the same as ``width`` in most."""

    normalised: bool
    """The input is (x - mean colour) * 255; False in community files with a tensor ``no_norm``: it is x."""


def attended(h: Tensor, x: Tensor) -> Tensor:
    """SPAN's attention: the sum of result and input, gated by sigmoid(result) - 0.5."""
    # In half precision the difference of two numbers near 0.5 would lose its digits.
    return (h + x) * (h.float().sigmoid() - 0.5).to(h.dtype)


class SpanBlock(nn.Module):
    """The block's result, and its first convolution's, activated."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1_r = conv3x3(width, width)
        self.c2_r = conv3x3(width, width)
        self.c3_r = conv3x3(width, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first = F.silu(self.c1_r(x))
        h: Tensor = self.c3_r(F.silu(self.c2_r(first)))
        return attended(h, x), first


class Span(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: SpanConfig) -> None:
        super().__init__()
        if not config.normalised:
            self.register_buffer("no_norm", torch.zeros(1))
        self.conv_1 = conv3x3(3, config.width)
        self.blocks = nn.ModuleList(SpanBlock(config.width) for _ in range(BLOCKS))
        self.conv_2 = conv3x3(config.width, config.width)
        self.conv_cat = conv1x1(4 * config.width, config.gathered)
        self.upsampler = PixelShuffleHead(config.gathered, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        if not hasattr(self, "no_norm"):
            x = (x - mean_colour(x.device)) * 255
        shallow = entering(self.blocks, self.conv_1(x))
        first, *others = self.blocks
        near, inner = first(shallow)
        deep = near
        for block in others:
            deep, inner = block(deep)
        # ``inner`` is that of the last block, after its activation: the official module's works in place.
        gathered = self.conv_cat(torch.cat((shallow, self.conv_2(deep), near, inner), 1))
        y: Tensor = self.upsampler(gathered)
        return y


def read_config(shapes: Shapes) -> SpanConfig:
    return SpanConfig(
        scale=shuffle_scale(shapes, "upsampler.0"),
        width=shapes["conv_cat.weight"][1] // 4,
        gathered=shapes["conv_cat.weight"][0],
        normalised="no_norm" not in shapes,
    )


def convert(state: State, config: SpanConfig) -> State:
    """``eval_conv`` or training branches -> plain convolutions, the blocks as a list.

    A training file's ``eval_conv`` may be stale (it is refreshed at evaluation only), so its branches are merged.
    """
    if "blocks.0.c1_r.weight" in state:
        return state
    plain = ("conv_cat.", "upsampler.0.", "no_norm")
    result = {key: value for key, value in state.items() if key.startswith(plain)}
    for place in {key.split(".eval_conv.")[0] for key in state if ".eval_conv." in key}:
        (name,) = renamed({place: None}, NUMBERED_BLOCKS)
        if f"{place}.sk.weight" in state:
            result[f"{name}.weight"], result[f"{name}.bias"] = merge_branches(state, place)
        else:
            result[f"{name}.weight"] = state[f"{place}.eval_conv.weight"]
            result[f"{name}.bias"] = state[f"{place}.eval_conv.bias"]
    return result


def merge_branches(state: State, name: str) -> tuple[Tensor, Tensor]:
    """``sk`` (1x1) beside the chain ``conv.0`` (1x1), ``conv.1`` (3x3), ``conv.2`` (1x1) as one 3x3."""

    def layer(key: str) -> tuple[Tensor, Tensor]:
        weight = state[f"{name}.{key}.weight"]
        return weight, state.get(f"{name}.{key}.bias", weight.new_zeros(weight.shape[0]))

    kernel, bias = fold_reduction(*fold_expansion(*layer("conv.0"), *layer("conv.1")), *layer("conv.2"))
    skip, skip_bias = layer("sk")
    return add_at_centre(kernel, skip).float(), (bias + skip_bias.double()).float()


def traits(config: SpanConfig) -> Traits:
    return Traits(scale=config.scale, halo=21, precise=("conv_1", "upsampler"))


FAMILIES = (
    Family(
        name="span",
        recognises=lambda s: (
            "conv_cat.weight" in s and "block_6.c3_r.eval_conv.weight" in s and "conv_near.weight" not in s
        ),
        read_config=read_config,
        build=Span,
        traits=traits,
        convert=convert,
    ),
)
