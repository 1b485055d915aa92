"""RLFN and the networks that differ from it in widths, kernels, biases and little else.

Special: three plain convolutions and one skip make a block, gated by ESA; nothing is split or distilled.
Source:  Kong et al., "Residual Local Feature Network for Efficient Super-Resolution", 2022 (arXiv 2205.07514); the
         others: NTIRE 2024 report, teams Lanzhi, LVTeam, Fresh, AdvancedSR, HiSR, LeESR, CMVG, hajnal.
Reach:   bounded (127 pixels for four blocks, most of it through ESA), practically 84; tiles are exact on a grid of 6.

``DESIGNS`` says how each one differs; whatever the shapes of its tensors tell is not repeated there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch.nn.functional as F
from torch import nn

from upscaler.networks.blocks import (
    ESA,
    ESA_GRID,
    ESA_MIN_SIZE,
    Activation,
    BlueprintConv,
    LocalFeatureBlock,
    ResidualNetwork,
    conv1x1,
    depthwise,
    fold_batch_norm,
    leaky_relu,
)
from upscaler.networks.family import Family, Shapes, State, Traits
from upscaler.networks.layout import NUMBERED_BLOCKS, ConvShape, conv_shape, count, renamed, shuffle_scale


@dataclass(frozen=True, slots=True)
class Design:
    """What a network chooses that no shape tells."""

    only: Callable[[Shapes], bool]
    """True for its shapes among those of this family (keys in our layout)."""

    value_range: float = 1.0
    activation: Activation = leaky_relu
    centred: bool = False
    """The mean colour is taken off the input and put back on the output."""

    image_skip: bool = False
    """The input, enlarged bilinearly, is added to the output."""

    halo: int = 84


DESIGNS = {
    # 46 channels outside, 48 inside, four blocks.  RLFN-BN had a batch norm after each block's first convolution.
    "rlfn": Design(lambda s: _plain(s) and s["conv_1.weight"][0] == 46, value_range=255),
    # 36 channels outside; the same keys as RLFN.
    "lightrlfn": Design(lambda s: _plain(s) and s["conv_1.weight"][0] == 36, image_skip=True),
    # The middle convolution is a depthwise and a pointwise one.
    "depthrlfn": Design(lambda s: "blocks.0.c2_r.2.weight" in s, image_skip=True),
    # No biases but in ESA and in front; block 4's middle, ``conv_2`` and the upsampler are 1x1.
    "advancedsr": Design(lambda s: _bare(s) and "conv_1.bias" in s, value_range=255),
    # Six thin blocks (the pruned file's are thinner inside); ESA adds its squeezed input as it is.
    "slimrlfn": Design(lambda s: _dense(s) and "blocks.0.esa.conv_f.weight" not in s, value_range=255, halo=96),
    # 44 channels outside, 38 inside, no biases but in ESA.
    "dipnet": Design(lambda s: _bare(s) and "conv_1.bias" not in s),
    # 37 channels, no ``c5``, no biases but in ESA.
    "rden": Design(lambda s: "blocks.0.c2_r.weight" in s and "blocks.0.c5.weight" not in s, activation=F.gelu),
    # Blueprint convolutions around one full convolution.
    "smrn": Design(lambda s: "blocks.0.c1_r.pw.weight" in s, activation=F.gelu, centred=True),
}


def _dense(shapes: Shapes) -> bool:
    return "blocks.0.c1_r.weight" in shapes and "blocks.0.c2_r.weight" in shapes and "blocks.0.c5.weight" in shapes


def _plain(shapes: Shapes) -> bool:
    return _dense(shapes) and "blocks.0.c2_r.bias" in shapes and "blocks.0.esa.conv_f.weight" in shapes


def _bare(shapes: Shapes) -> bool:
    return _dense(shapes) and "blocks.0.c2_r.bias" not in shapes and "blocks.0.esa.conv_f.bias" in shapes


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A 1x1 and then a depthwise 3x3."""

    channels: int

    def build(self) -> nn.Module:
        return BlueprintConv(self.channels, self.channels)


@dataclass(frozen=True, slots=True)
class Separated:
    """A depthwise 3x3, activated, and then a 1x1."""

    channels: int

    def build(self) -> nn.Module:
        return nn.Sequential(depthwise(self.channels), nn.LeakyReLU(0.05), conv1x1(self.channels, self.channels))


Part = ConvShape | Blueprint | Separated


@dataclass(frozen=True, slots=True)
class BlockConfig:
    convolutions: tuple[Part, Part, Part]
    last: ConvShape | None
    channels: int
    squeezed: int
    """ESA's channels."""

    esa_skip: bool


@dataclass(frozen=True, slots=True)
class RlfnConfig:
    scale: int
    first: ConvShape
    blocks: tuple[BlockConfig, ...]
    collect: Part
    head: ConvShape


RULES = (
    NUMBERED_BLOCKS,
    (r"^block_list\.", "blocks."),
    (r"\.conv_infer\.", "."),
    (r"^upsampler_x4\.", "upsampler."),
    (r"^upsampler\.upsample_conv\.", "upsampler.0."),
)


def recognises(design: Design, shapes: Shapes) -> bool:
    own = renamed(shapes, *RULES)
    skeleton = {"conv_1.weight", "blocks.0.esa.conv3.weight", "upsampler.0.weight"}
    return skeleton <= own.keys() and design.only(own)


def read_part(shapes: Shapes, name: str) -> Part:
    if f"{name}.pw.weight" in shapes:
        return Blueprint(shapes[f"{name}.pw.weight"][0])
    if f"{name}.2.weight" in shapes:
        return Separated(shapes[f"{name}.2.weight"][0])
    return conv_shape(shapes, name)


def read_block(shapes: Shapes, name: str) -> BlockConfig:
    squeezed, channels = shapes[f"{name}.esa.conv1.weight"][:2]
    return BlockConfig(
        convolutions=(
            read_part(shapes, f"{name}.c1_r"),
            read_part(shapes, f"{name}.c2_r"),
            read_part(shapes, f"{name}.c3_r"),
        ),
        last=conv_shape(shapes, f"{name}.c5") if f"{name}.c5.weight" in shapes else None,
        channels=channels,
        squeezed=squeezed,
        esa_skip=f"{name}.esa.conv_f.weight" in shapes,
    )


def read_config(shapes: Shapes) -> RlfnConfig:
    own = renamed(shapes, *RULES)
    depth = count(own, r"blocks\.\d+\.esa\.conv1\.weight")
    return RlfnConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        first=conv_shape(own, "conv_1"),
        blocks=tuple(read_block(own, f"blocks.{i}") for i in range(depth)),
        collect=read_part(own, "conv_2"),
        head=conv_shape(own, "upsampler.0"),
    )


def build_block(config: BlockConfig, activation: Activation) -> LocalFeatureBlock:
    c1, c2, c3 = (part.build() for part in config.convolutions)
    return LocalFeatureBlock(
        c1,
        c2,
        c3,
        config.last.build() if config.last else nn.Identity(),
        ESA(config.channels, config.squeezed, skip=config.esa_skip),
        activation,
    )


def build(design: Design, config: RlfnConfig) -> ResidualNetwork:
    return ResidualNetwork(
        config.first.build(),
        [build_block(block, design.activation) for block in config.blocks],
        config.collect.build(),
        nn.Sequential(config.head.build(), nn.PixelShuffle(config.scale)),
        centred=design.centred,
        image_skip=config.scale if design.image_skip else None,
    )


def traits(design: Design, config: RlfnConfig) -> Traits:
    return Traits(
        scale=config.scale,
        value_range=design.value_range,
        halo=design.halo,
        grid=ESA_GRID,
        min_size=ESA_MIN_SIZE,
        precise=("conv_1", "upsampler"),
    )


def convert(state: State, config: RlfnConfig) -> State:
    """One set of names, and RLFN-BN's batch norms folded into the convolutions before them (running variances
    reach 6e4 there, hence in float64).
    """
    own = renamed(state, *RULES)
    result = {key: value for key, value in own.items() if ".bn1." not in key}
    for name in (key.removesuffix(".running_mean") for key in own if key.endswith(".bn1.running_mean")):
        place = name.replace(".bn1", ".c1_r")
        norm = [own[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
        kernel, bias = fold_batch_norm(own[f"{place}.weight"], own[f"{place}.bias"], norm)
        result[f"{place}.weight"], result[f"{place}.bias"] = kernel.float(), bias.float()
    return result


FAMILIES = tuple(
    Family(
        name=name,
        recognises=partial(recognises, design),
        read_config=read_config,
        build=partial(build, design),
        traits=partial(traits, design),
        convert=convert,
    )
    for name, design in DESIGNS.items()
)
