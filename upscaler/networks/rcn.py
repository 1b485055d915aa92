"""RCN: RLFN's block between layer norms.

Special: the input is normalised per pixel, and the normalised input is what the block's skip carries; GELU.
Source:  NTIRE 2024 report, team MeowMeowMeow; blocks: RLFN (arXiv 2205.07514), edge-oriented convolutions: ECBSR.
Reach:   as RLFN: practically 84 pixels; tiles are exact on a grid of 6.
"""

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ESA,
    ChannelNorm,
    LocalFeatureBlock,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    fold_edge_branches,
)
from upscaler.networks.family import Shapes, State
from upscaler.networks.layout import NUMBERED_BLOCKS, Rule, Sizes, chain, esa_traits, renamed

RULES: tuple[Rule, ...] = (
    NUMBERED_BLOCKS,
    (r"\.ln1\.", ".norm."),
    (r"^(blocks\.\d+)\.(?:conv|c)([123])_r\.", r"\1.body.c\2_r."),
    (r"^(blocks\.\d+)\.ln2\.", r"\1.body.c5.0."),
    (r"^(blocks\.\d+)\.c5\.", r"\1.body.c5.1."),
    (r"^(blocks\.\d+)\.esa\.", r"\1.body.esa."),
)
EDGES = ".conv3x3.weight"
"""Only in the training layout: the first branch of an edge-oriented convolution."""


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(width, 1e-6)
        self.body = LocalFeatureBlock(
            conv3x3(width, width),
            conv3x3(width, width),
            conv3x3(width, width),
            nn.Sequential(ChannelNorm(width, 1e-6), conv1x1(width, width)),
            ESA(width),
            F.gelu,
        )

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        result: Tensor = self.body(self.norm(x), window)
        return result


def build(config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [Block(config.width) for _ in range(config.depth)],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


def recognises(shapes: Shapes) -> bool:
    first = "block_1.conv1_r.weight" in shapes or f"block_1.c1_r{EDGES}" in shapes
    return first and "block_1.ln1.weight" in shapes


def convert(state: State, _config: Sizes) -> State:
    """Names made good; the edge-oriented convolutions of the training layout merged."""
    own = renamed(state, *RULES)
    for place in [key.removesuffix(EDGES) for key in own if key.endswith(EDGES)]:
        branches = {key: own.pop(key) for key in list(own) if key.startswith(f"{place}.")}
        kernel, bias = fold_edge_branches(renamed(branches, (f"^{place}\\.", "")), identity=True)
        own[f"{place}.weight"], own[f"{place}.bias"] = kernel.float(), bias.float()
    return own


FAMILIES = (replace(chain("rcn", recognises, build, esa_traits, *RULES), convert=convert),)
