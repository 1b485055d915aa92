"""RLFN and the networks that are made of its block.

Special: three plain convolutions and one skip make a block, gated by ESA; nothing is split or distilled.
Source:  Kong et al., "Residual Local Feature Network for Efficient Super-Resolution", 2022 (arXiv 2205.07514); the
         others: NTIRE 2024 report, teams Lanzhi, LVTeam, Fresh, AdvancedSR, HiSR, hajnal, CMVG, LeESR.
Reach:   bounded (127 pixels for four blocks, most of it through ESA), practically 84; tiles are exact on a grid of 6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch.nn.functional as F
from torch import nn

from upscaler.networks.blocks import (
    ESA,
    Activation,
    BlueprintConv,
    LocalFeatureBlock,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    depthwise,
    fold_batch_norm,
    leaky_relu,
)
from upscaler.networks.family import Family, Shapes, State, Traits
from upscaler.networks.layout import NUMBERED_BLOCKS, Rule, count, esa_traits, renamed, shuffle_scale


@dataclass(frozen=True, slots=True)
class RlfnConfig:
    scale: int
    width: int
    inner: tuple[int, ...]
    """Of each block: channels between its convolutions."""


def block(
    width: int,
    inner: int,
    *,
    middle: nn.Module | None = None,
    bias: bool = True,
    esa_skip: bool = True,
    activation: Activation = leaky_relu,
) -> LocalFeatureBlock:
    """RLFN's own; ``middle`` replaces the second convolution."""
    return LocalFeatureBlock(
        conv3x3(width, inner, bias=bias),
        middle or conv3x3(inner, inner, bias=bias),
        conv3x3(inner, width, bias=bias),
        conv1x1(width, width, bias=bias),
        ESA(width, skip=esa_skip),
        activation,
    )


def rlfn(config: RlfnConfig) -> ResidualNetwork:
    """46 channels outside, 48 inside.  RLFN-BN is the same once its batch norms are folded."""
    return ResidualNetwork(
        conv3x3(3, config.width),
        [block(config.width, inner) for inner in config.inner],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


def lightrlfn(config: RlfnConfig) -> ResidualNetwork:
    """36 channels outside, and the enlarged input added."""
    return ResidualNetwork(
        conv3x3(3, config.width),
        [block(config.width, inner) for inner in config.inner],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
        image_skip=config.scale,
    )


def depthrlfn(config: RlfnConfig) -> ResidualNetwork:
    """The middle convolution is a depthwise and a pointwise one, and the enlarged input is added."""

    def separated(inner: int) -> nn.Module:
        return nn.Sequential(depthwise(inner), nn.LeakyReLU(0.05), conv1x1(inner, inner))

    return ResidualNetwork(
        conv3x3(3, config.width),
        [block(config.width, inner, middle=separated(inner)) for inner in config.inner],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
        image_skip=config.scale,
    )


def advancedsr(config: RlfnConfig) -> ResidualNetwork:
    """No biases but in front and in ESA; the last block's middle and all that follows is 1x1."""
    *blocks, last = config.inner
    return ResidualNetwork(
        conv3x3(3, config.width),
        [
            *(block(config.width, inner, bias=False) for inner in blocks),
            block(config.width, last, middle=conv1x1(last, last, bias=False), bias=False),
        ],
        conv1x1(config.width, config.width, bias=False),
        PixelShuffleHead(config.width, config.scale, kernel=1, bias=False),
    )


def slimrlfn(config: RlfnConfig) -> ResidualNetwork:
    """Six thin blocks, some of them thinner inside; ESA adds its squeezed input as it is."""
    return ResidualNetwork(
        conv3x3(3, config.width),
        [block(config.width, inner, esa_skip=False) for inner in config.inner],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


def dipnet(config: RlfnConfig) -> ResidualNetwork:
    """44 channels outside, 38 inside, no biases but in ESA."""
    return ResidualNetwork(
        conv3x3(3, config.width, bias=False),
        [block(config.width, inner, bias=False) for inner in config.inner],
        conv3x3(config.width, config.width, bias=False),
        PixelShuffleHead(config.width, config.scale, bias=False),
    )


def rden(config: RlfnConfig) -> ResidualNetwork:
    """37 channels, GELU, no biases but in ESA, and nothing between the block's skip and ESA."""

    def lean(width: int) -> LocalFeatureBlock:
        c1, c2, c3 = (conv3x3(width, width, bias=False) for _ in range(3))
        return LocalFeatureBlock(c1, c2, c3, nn.Identity(), ESA(width), F.gelu)

    return ResidualNetwork(
        conv3x3(3, config.width, bias=False),
        [lean(config.width) for _ in config.inner],
        conv3x3(config.width, config.width, bias=False),
        PixelShuffleHead(config.width, config.scale, bias=False),
    )


def smrn(config: RlfnConfig) -> ResidualNetwork:
    """Blueprint convolutions around one full convolution, GELU, the mean colour taken off."""

    def blueprint(width: int) -> LocalFeatureBlock:
        return LocalFeatureBlock(
            BlueprintConv(width, width),
            conv3x3(width, width, bias=False),
            BlueprintConv(width, width),
            conv1x1(width, width, bias=False),
            ESA(width),
            F.gelu,
        )

    return ResidualNetwork(
        conv3x3(3, config.width, bias=False),
        [blueprint(config.width) for _ in config.inner],
        BlueprintConv(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
        centred=True,
    )


RULES: tuple[Rule, ...] = (
    NUMBERED_BLOCKS,
    (r"^block_list\.", "blocks."),
    (r"\.conv_infer\.", "."),
    (r"^upsampler_x4\.", "upsampler."),
    (r"^upsampler\.upsample_conv\.", "upsampler.0."),
)
BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def read_config(shapes: Shapes) -> RlfnConfig:
    own = renamed(shapes, *RULES)
    firsts = [own.get(f"blocks.{i}.c1_r.weight") or own[f"blocks.{i}.c1_r.pw.weight"] for i in range(_depth(own))]
    return RlfnConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        width=own["conv_1.weight"][0],
        inner=tuple(first[0] for first in firsts),
    )


def convert(state: State, _config: RlfnConfig) -> State:
    """One set of names; batch norms folded in float64 (their running variances reach 6e4)."""
    own = renamed(state, *RULES)
    for norm in [key.removesuffix(".running_mean") for key in own if key.endswith(".bn1.running_mean")]:
        place = norm.replace(".bn1", ".c1_r")
        folded = fold_batch_norm(
            own[f"{place}.weight"], own[f"{place}.bias"], [own[f"{norm}.{part}"] for part in BATCH_NORM]
        )
        own[f"{place}.weight"], own[f"{place}.bias"] = (t.float() for t in folded)
    return {key: value for key, value in own.items() if ".bn1." not in key}


def _depth(own: Shapes) -> int:
    return count(own, r"blocks\.\d+\.esa\.conv3\.weight")


def member(
    name: str,
    build: Callable[[RlfnConfig], ResidualNetwork],
    only: Callable[[Shapes], bool],
    traits: Callable[[RlfnConfig], Traits] = esa_traits,
) -> Family[RlfnConfig]:
    """One of the family.  ``only``: true for its keys (in our layout) among those with RLFN's skeleton."""

    def recognises(shapes: Shapes) -> bool:
        own = renamed(shapes, *RULES)
        return "conv_1.weight" in own and "upsampler.0.weight" in own and _depth(own) >= 4 and only(own)

    return Family(name, recognises, read_config, build, traits, convert)


def full(own: Shapes) -> bool:
    """Dense convolutions and biases everywhere, ESA of kind A, four blocks."""
    return "blocks.3.c2_r.bias" in own and "blocks.3.c5.bias" in own and "blocks.3.esa.conv_f.weight" in own


def bare(own: Shapes) -> bool:
    """Dense convolutions without biases, ``c5`` among them."""
    dense = "blocks.0.c1_r.weight" in own and "blocks.0.c5.weight" in own
    return dense and "blocks.0.c1_r.bias" not in own


wide_range = partial(esa_traits, value_range=255.0)

FAMILIES = (
    # Width alone tells RLFN from LightRLFN.
    member("rlfn", rlfn, lambda s: full(s) and s["conv_1.weight"][0] == 46, wide_range),
    member("lightrlfn", lightrlfn, lambda s: full(s) and s["conv_1.weight"][0] == 36),
    member("depthrlfn", depthrlfn, lambda s: "blocks.0.c2_r.2.weight" in s),
    member("advancedsr", advancedsr, lambda s: bare(s) and "conv_1.bias" in s, wide_range),
    member(
        "slimrlfn",
        slimrlfn,
        lambda s: "blocks.0.c2_r.bias" in s and "blocks.0.esa.conv_f.weight" not in s,
        partial(wide_range, halo=96),
    ),
    member("dipnet", dipnet, lambda s: bare(s) and "conv_1.bias" not in s),
    member("rden", rden, lambda s: "blocks.0.c2_r.weight" in s and "blocks.0.c5.weight" not in s),
    member("smrn", smrn, lambda s: "blocks.0.c1_r.pw.weight" in s),
)
