"""DIRN: involution instead of every third convolution.

Special: in two of its blocks each pixel makes its own 3x3 kernel and applies it to its neighbourhood (involution);
         every block weighs its channels by the contrast of the whole picture.  The fourth block runs three times: the
         authors' file holds a fifth and a sixth that were never trained to take part.
Source:  NTIRE 2024 report, team DIRN; Li et al., "Involution: Inverting the Inherence of Convolution for Visual
         Recognition", 2021 (arXiv 2103.06255).
Reach:   21 pixels, but for the contrasts of the whole picture: tiles are exact once these are known.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    GlobalContrast,
    PixelShuffleHead,
    conv1x1,
    conv3x3,
    depthwise,
    entering,
    fold_batch_norm,
    leaky_relu,
)
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, renamed, shuffle_scale

ORDER = (0, 1, 2, 3, 3, 3)
"""Which block runs when."""

INVOLVED = (False, False, True, True)
"""Which blocks have an involution in their middle."""

GROUPS = 3
"""Channels of a group share the kernels that the pixels make."""


@dataclass(frozen=True, slots=True)
class DirnConfig:
    scale: int
    width: int
    squeezed: int
    """Channels of which a pixel's kernels are made."""

    attention: int
    """Channels inside the attention."""


class Separable(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dw = depthwise(width)
        self.pw = conv1x1(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.pw(self.dw(x))
        return result


class Involution(nn.Module):
    def __init__(self, width: int, squeezed: int) -> None:
        super().__init__()
        self.conv1 = conv1x1(width, squeezed)
        self.conv2 = conv1x1(squeezed, GROUPS * 9)

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        kernels = self.conv2(F.relu(self.conv1(x))).view(n, GROUPS, 1, 9, height, width)
        around = F.pad(x, (1, 1, 1, 1)).view(n, GROUPS, -1, height + 2, width + 2)
        result = x.new_zeros(())
        for tap in range(9):
            top, left = divmod(tap, 3)
            result = result + kernels[:, :, :, tap] * around[..., top : top + height, left : left + width]
        return result.reshape(x.shape)


class Block(nn.Module):
    def __init__(self, config: DirnConfig, *, involved: bool) -> None:
        super().__init__()
        width = config.width
        self.c1_r = Separable(width)
        self.c2_r = Involution(width, config.squeezed) if involved else Separable(width)
        self.c3_r = Separable(width)
        self.attention = nn.Sequential(
            conv1x1(width, config.attention), nn.LeakyReLU(0.05), conv1x1(config.attention, width), nn.Sigmoid()
        )
        self.c5 = conv1x1(width, width)

    def forward(self, x: Tensor, contrast: GlobalContrast) -> Tensor:
        t = x
        for convolution in (self.c1_r, self.c2_r, self.c3_r):
            t = leaky_relu(convolution(t))
        result: Tensor = self.c5(t * self.attention(contrast(t))) + x
        return result


class Dirn(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: DirnConfig) -> None:
        super().__init__()
        self.conv_1 = conv3x3(3, config.width)
        self.blocks = nn.ModuleList(Block(config, involved=involved) for involved in INVOLVED)
        # One for each turn, not for each block: the picture's values differ.
        self.contrasts = nn.ModuleList(GlobalContrast() for _ in ORDER)
        self.conv_2 = conv3x3(config.width, config.width)
        self.upsampler = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        shallow = self.conv_1(x)
        deep = entering(self.blocks, shallow)
        for turn, contrast in zip(ORDER, self.contrasts, strict=True):
            deep = self.blocks[turn](deep, contrast)
        y: Tensor = self.upsampler(self.conv_2(deep) + shallow)
        return y


RULES = (NUMBERED_BLOCKS, (r"\.cca\.conv_du\.", ".attention."), (r"\.conv([12])\.conv\.", r".conv\1."))


def read_config(shapes: Shapes) -> DirnConfig:
    own = renamed(shapes, *RULES)
    return DirnConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        width=own["conv_1.weight"][0],
        squeezed=own["blocks.2.c2_r.conv1.weight"][0],
        attention=own["blocks.0.attention.0.weight"][0],
    )


def convert(state: State, config: DirnConfig) -> State:
    """Without the blocks that never run; batch norms folded into the convolutions before them."""
    own = renamed(state, *RULES)
    own = {key: value for key, value in own.items() if not key.startswith(("blocks.4.", "blocks.5."))}
    for name in [key.removesuffix(".running_mean") for key in own if key.endswith(".running_mean")]:
        place = name.removesuffix(".bn") if name.endswith(".bn") else name.removesuffix("3") + "2"
        own.pop(f"{name}.num_batches_tracked")
        norm = [own.pop(f"{name}.{part}") for part in ("weight", "bias", "running_mean", "running_var")]
        weight = own[f"{place}.weight"]
        kernel, bias = fold_batch_norm(weight, own.get(f"{place}.bias", weight.new_zeros(len(weight))), norm)
        own[f"{place}.weight"], own[f"{place}.bias"] = kernel.float(), bias.float()
    return own


def traits(config: DirnConfig) -> Traits:
    return Traits(scale=config.scale, halo=21, global_statistics=True, precise=("conv_1", "upsampler"))


FAMILIES = (
    Family(
        name="dirn",
        recognises=has("block_3.c2_r.conv2.conv.weight", "block_1.cca.conv_du.3.running_mean"),
        read_config=read_config,
        build=Dirn,
        traits=traits,
        convert=convert,
    ),
)
