"""RCN's training layout: edge-oriented convolutions in place of plain ones."""

import torch

from tests.networks.official import shapes
from tests.networks.seeded import seeded_state
from upscaler.networks import family, recognise
from upscaler.networks.blocks import fold_edge_branches
from upscaler.networks.layout import Sizes


def test_edge_branches_are_merged_when_a_training_file_is_converted() -> None:
    rcn = family("rcn")
    width, config = 4, Sizes(scale=2, width=4, depth=1)
    edges = {
        "conv3x3.weight": (width, width, 3, 3),
        "conv3x3.bias": (width,),
        "conv1x1_3x3.k0": (2 * width, width, 1, 1),
        "conv1x1_3x3.b0": (2 * width,),
        "conv1x1_3x3.k1": (width, 2 * width, 3, 3),
        "conv1x1_3x3.b1": (width,),
    }
    for name in ("sbx", "sby", "lpl"):
        filtered = {"k0": (width, width, 1, 1), "b0": (width,), "scale": (width, 1, 1, 1), "bias": (width,)}
        edges |= {f"conv1x1_{name}.{key}": shape for key, shape in filtered.items()}
        edges |= {f"conv1x1_{name}.mask": (width, 1, 3, 3)}

    network = rcn.build(config)
    layout = {key: shape for key, shape in shapes(network.state_dict()).items() if ".body.c" not in key}
    layout |= {"blocks.0.body.c5.0.weight": (width,), "blocks.0.body.c5.0.bias": (width,)}
    layout |= {"blocks.0.body.c5.1.weight": (width, width, 1, 1), "blocks.0.body.c5.1.bias": (width,)}
    published = {
        key.replace("blocks.0.norm", "block_1.ln1")
        .replace("blocks.0.body.c5.0", "block_1.ln2")
        .replace("blocks.0.body.c5.1", "block_1.c5")
        .replace("blocks.0.body", "block_1"): shape
        for key, shape in layout.items()
    }
    state = seeded_state(published | {f"block_1.c{i}_r.{key}": s for i in (1, 2, 3) for key, s in edges.items()})

    assert recognise(shapes(state)) == [rcn]
    assert rcn.read_config(shapes(state)) == config
    assert rcn.convert is not None
    network.load_state_dict(rcn.convert(state, config))
    branches = {key: state[f"block_1.c2_r.{key}"] for key in edges}
    kernel, bias = fold_edge_branches(branches, identity=True)
    assert torch.equal(network.state_dict()["blocks.0.body.c2_r.weight"], kernel.float())
    assert torch.equal(network.state_dict()["blocks.0.body.c2_r.bias"], bias.float())
