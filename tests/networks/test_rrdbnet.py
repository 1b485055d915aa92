"""RRDBNet under the names that its files have had over the years."""

import pytest
import torch

from tests.networks.official import build, shapes
from upscaler.networks import recognise
from upscaler.networks.family import State
from upscaler.networks.layout import renamed
from upscaler.networks.rrdbnet import RrdbNet, RrdbNetConfig, read_config
from upscaler.networks.run import run_whole

BLOCKS = 2


def network(doublings: int, fold: int = 1) -> RrdbNet:
    torch.manual_seed(doublings)
    return RrdbNet(RrdbNetConfig(width=8, growth=4, blocks=BLOCKS, fold=fold, doublings=doublings)).eval()


def first_layout(own: State, doublings: int) -> State:
    """ESRGAN's first: layers numbered through, activations and enlargements included."""
    end = 2 + 3 * doublings
    return renamed(
        own,
        (r"^conv_first\.", "model.0."),
        (r"^body\.(\d)\.rdb(\d)\.conv(\d)\.", r"model.1.sub.\1.RDB\2.conv\3.0."),
        (r"^conv_body\.", f"model.1.sub.{BLOCKS}."),
        (r"^conv_up\.(\d)\.", lambda found: f"model.{3 * int(found[1]) + 3}."),
        (r"^conv_hr\.", f"model.{end}."),
        (r"^conv_last\.", f"model.{end + 2}."),
    )


def second_layout(own: State) -> State:
    """ESRGAN's second, which BSRGAN and RealSR kept."""
    return renamed(
        own,
        (r"^body\.(\d)\.rdb(\d)\.", r"RRDB_trunk.\1.RDB\2."),
        (r"^conv_body\.", "trunk_conv."),
        (r"^conv_up\.(\d)\.", lambda found: f"upconv{int(found[1]) + 1}."),
        (r"^conv_hr\.", "HRconv."),
    )


def third_layout(own: State) -> State:
    """Real-ESRGAN's."""
    return renamed(own, (r"^conv_up\.(\d)\.", lambda found: f"conv_up{int(found[1]) + 1}."))


def assert_it_is_read(file: State, original: RrdbNet, scale: int) -> None:
    (family,) = recognise(shapes(file))
    loaded = build(file, family)
    assert loaded.traits.scale == scale
    own = original.state_dict()
    assert loaded.network.state_dict().keys() == own.keys()
    assert all(torch.equal(loaded.network.state_dict()[key], own[key]) for key in own)


@pytest.mark.parametrize("doublings", range(5))
def test_the_first_layout_is_read_for_every_scale(doublings: int) -> None:
    original = network(doublings)
    file = first_layout(original.state_dict(), doublings)
    assert_it_is_read(file, original, 2**doublings)


def test_its_numbers_are_those_of_the_files() -> None:
    numbers = {key.split(".")[1] for key in first_layout(network(2).state_dict(), 2)}
    assert numbers == {"0", "1", "3", "6", "8", "10"}


@pytest.mark.parametrize("doublings", [1, 2])
def test_the_second_layout_is_read(doublings: int) -> None:
    original = network(doublings)
    assert_it_is_read(second_layout(original.state_dict()), original, 2**doublings)


@pytest.mark.parametrize(("fold", "scale"), [(1, 4), (2, 2), (4, 1)])
def test_the_third_layout_tells_its_scale_by_its_colours(fold: int, scale: int) -> None:
    original = network(2, fold)
    assert_it_is_read(third_layout(original.state_dict()), original, scale)


@pytest.mark.parametrize("fold", [2, 4])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 7)], ids=str)
def test_folded_networks_take_any_size(fold: int, size: tuple[int, int]) -> None:
    own = third_layout(network(2, fold).state_dict())
    (family,) = recognise(shapes(own))
    loaded = build(own, family)
    with torch.inference_mode():
        result = run_whole(loaded.network, loaded.traits, torch.rand(1, 3, *size))
    scale = 4 // fold
    assert result.shape == (1, 3, scale * size[0], scale * size[1])


@pytest.mark.parametrize(("colours", "doublings"), [(1, 2), (5, 2), (48, 1)])
def test_channels_that_fit_no_scale_are_refused(colours: int, doublings: int) -> None:
    wrong = shapes(network(doublings).state_dict()) | {"conv_first.weight": (8, colours, 3, 3)}
    with pytest.raises(ValueError, match="no scale follows"):
        read_config(wrong)
