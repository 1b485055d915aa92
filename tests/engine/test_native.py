"""Our own kernels: the same numbers as torch's, whatever follows a convolution, and torch where they cannot be had."""

import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from upscaler.engine import Upscaler
from upscaler.engine.executors import choice
from upscaler.engine.executors.choice import Wish
from upscaler.engine.executors.eager import Eager
from upscaler.engine.executors.native import Native
from upscaler.engine.native import convolution, library
from upscaler.engine.native.convolution import Conv1x1, Conv3x3, Finish, finished, kind_for, native
from upscaler.engine.native.fusing import fuse, replace_convolutions
from upscaler.engine.native.quantising import quantised
from upscaler.engine.pixels import Pixels, quantise
from upscaler.errors import UsageError
from upscaler.models.loading import load_model
from upscaler.networks.blocks import ESA, Conv, conv1x1, conv3x3
from upscaler.networks.span import SpanBlock, attended

CPU = torch.device("cpu")

pytestmark = pytest.mark.skipif(not library.available(), reason="no compiler for the kernels")


def close(found: Tensor, expected: Tensor, tolerance: float = 3e-5) -> bool:
    return found.shape == expected.shape and bool((found - expected).abs().max() <= tolerance * expected.abs().max())


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(sum(shape))) - 0.5


def layer(inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> Conv:
    torch.manual_seed(inputs * outputs)
    return Conv(inputs, outputs, kernel, bias=bias).requires_grad_(False)


@given(
    st.sampled_from((1, 3)),
    st.sampled_from((16, 17, 28, 46, 64, 80, 96)),
    st.sampled_from((3, 12, 16, 23, 28, 48, 64, 100)),
    st.integers(1, 3),
    st.integers(1, 14),
    st.sampled_from((1, 2, 3, 4, 5, 30, 97, 130)),
    st.booleans(),
    st.booleans(),
)
@settings(deadline=None, max_examples=80)
def test_a_convolution_is_that_of_torch(
    kernel: int, inputs: int, outputs: int, n: int, height: int, width: int, bias: bool, nested: bool
) -> None:
    theirs = layer(inputs, outputs, kernel, bias=bias)
    ours = native(theirs, theirs)
    if ours is None:
        assert kernel == 1
        assert outputs < 16
        return
    x = noise(n, 2 * inputs, height, width).contiguous(memory_format=torch.channels_last)
    x = x[:, :inputs] if nested else x[:, :inputs].contiguous()  # a part of a wider tensor, or channels in planes
    assert close(ours(x), theirs(x))


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("second", ["none", "same", "narrow", "other type"])
@pytest.mark.parametrize("finish", list(Finish))
@pytest.mark.parametrize("size", [(9, 31), (2, 3)])
def test_what_follows_a_convolution_is_done_with_it(
    kernel: int, second: str, finish: Finish, size: tuple[int, int]
) -> None:
    if second == "none" and finish in (Finish.GATE, Finish.ATTENTION):
        pytest.skip("takes two")
    theirs = layer(20, 28, kernel)
    ours = native(theirs, theirs)
    assert ours is not None
    slope = torch.linspace(-0.5, 1, 28)
    x = noise(2, 20, *size).contiguous(memory_format=torch.channels_last) * 9
    others = {
        "none": None,
        "same": noise(2, 28, *size),
        "narrow": noise(2, 28, 1, 1),
        "other type": noise(2, 28, *size).double(),
    }
    other = others[second]
    assert close(ours.ending(finish, slope)(x, other), finished(theirs(x), other, finish, slope))


def test_sums_of_bfloat16_are_float32() -> None:
    full = layer(48, 48, 3)
    half = layer(48, 48, 3).bfloat16()
    ours = native(half, full)
    assert ours is not None
    x = noise(1, 48, 30, 30).bfloat16()
    assert ours(x).dtype == torch.bfloat16
    right = full(x.float())
    error, theirs = (ours(x) - right).abs().mean(), (half(x) - right).abs().mean()
    assert error < theirs


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_pixel_shuffle_is_done_on_the_way(scale: int) -> None:
    theirs = layer(28, 3 * scale**2, 3)
    ours = Conv3x3(theirs, theirs.weight, theirs.bias).shuffled(scale)
    x = noise(2, 28, 7, 33)
    assert close(ours(x), F.pixel_shuffle(theirs(x), scale))


def test_channels_may_lie_in_several_tensors() -> None:
    theirs = layer(52, 28, 1)
    ours = Conv1x1(theirs, theirs.weight, theirs.bias)
    pieces = [noise(2, count, 11, 13) for count in (16, 3, 28, 5)]
    assert close(ours(pieces), theirs(torch.cat(pieces, 1)))


def test_values_that_are_no_numbers_stay_so() -> None:
    theirs = layer(16, 16, 3)
    ours = native(theirs, theirs)
    assert ours is not None
    x = noise(1, 16, 12, 12)
    x[0, 0, 6, 6] = float("nan")
    for finish in (Finish.ADD, Finish.LEAKY, Finish.SILU):
        assert ours.ending(finish)(x).isnan()[0, :, 6, 6].all()
    x[0, 0, 6, 6] = float("inf")
    assert not ours(x).isfinite()[0, :, 6, 6].any()


@pytest.mark.parametrize(
    "other",
    [
        Conv(16, 16, 3, stride=2),
        Conv(16, 16, 3, dilation=2),
        Conv(16, 16, 3, groups=2),
        Conv(16, 16, 3, reflect=True),
        Conv(16, 16, 3, padding=0),
        Conv(3, 16, 3),
        Conv(16, 16, 5),
        Conv(16, 16, (1, 3)),
        nn.Linear(16, 16),
    ],
    ids=str,
)
def test_other_layers_are_left_to_torch(other: nn.Module) -> None:
    assert kind_for(other) is None


def test_a_layer_that_does_more_than_convolve_is_left_to_torch() -> None:
    class Scaled(Conv):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) * 2

    assert kind_for(Scaled(16, 16)) is None


class Branches(nn.Module):
    """A convolution whose result is needed twice, one that is used twice, sums with itself and with a number."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = conv3x3(16, 16), conv3x3(16, 16), conv1x1(32, 16)
        self.activation = nn.PReLU(16, 0.3)
        self.esa = ESA(16, 16)
        self.block = SpanBlock(16)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        first = self.a(x)
        twice = F.silu(self.b(F.relu(self.b(first) + first)))
        both = self.activation(self.c(torch.cat((first, twice), 1)))
        doubled = self.b(both)
        gated, inner = self.block(self.esa(doubled + doubled + 1, window))
        result: Tensor = F.leaky_relu(inner + self.a(gated), 0.2)
        return result


@pytest.mark.parametrize("windowed", [False, True])
def test_a_network_and_its_graph_give_the_same(windowed: bool) -> None:
    torch.manual_seed(1)
    network = Branches().eval().requires_grad_(False)
    ours = Branches().eval().requires_grad_(False)
    ours.load_state_dict(network.state_dict())
    replaced = replace_convolutions(ours, network)
    assert replaced == 10
    graph = fuse(ours, windowed=windowed)
    assert isinstance(graph, torch.fx.GraphModule)
    assert not {node.target for node in graph.graph.nodes} & {F.silu, F.relu, F.leaky_relu, "activation", attended}
    x = noise(1, 16, 40, 50)
    window = torch.tensor([[0, 0, 40, 50]]) if windowed else None
    arguments = (x, window) if windowed else (x,)
    assert close(graph(*arguments), network(x, window))


def test_a_network_whose_python_looks_at_values_runs_without_a_graph() -> None:
    class Looking(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = conv3x3(16, 16)

        def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
            y: Tensor = self.a(x)
            return y if y.sum() > 0 else -y

    network = Looking().eval().requires_grad_(False)
    assert fuse(network, windowed=False) is network


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (130, 150, 3), dtype=np.uint8)


def test_the_embedded_model_gives_the_same_picture_as_by_torch(picture: Pixels) -> None:
    model = load_model("pocket", 4)
    theirs = Upscaler(model, device="cpu", precision="fp32", executor="torch").upscale(picture)
    ours = Upscaler(model, device="cpu", precision="fp32", executor="native").upscale(picture)
    assert abs(ours.astype(int) - theirs).max() <= 1


def test_tiles_equal_the_whole_picture(picture: Pixels) -> None:
    """But for rounding: what the network cannot see takes part in the sums of its neighbours, and cancels out."""
    model = load_model("pocket", 4)
    exact = (picture / 255).astype(np.float32)
    whole = Upscaler(model, device="cpu", precision="fp32", executor="native", tile=0).upscale(exact)
    tiled = Upscaler(model, device="cpu", precision="fp32", executor="native", tile=30)
    assert len(tiled.grid_for(*picture.shape[:2])) > 4
    assert abs(tiled.upscale(exact) - whole).max() < 1e-5


def test_the_same_picture_gives_the_same_bytes(picture: Pixels) -> None:
    upscaler = Upscaler(load_model("pocket", 4), device="cpu", executor="native", tile=40)
    assert np.array_equal(upscaler.upscale(picture), upscaler.upscale(picture))


def test_the_model_that_was_given_is_not_changed() -> None:
    model = load_model("pocket", 4)
    before = {key: value.clone() for key, value in model.network.state_dict().items()}
    executor = Native(model, CPU, torch.float32)
    executor.run(torch.rand(1, 3, 20, 20), None)
    assert all(torch.equal(value, before[key]) for key, value in model.network.state_dict().items())


def test_networks_of_such_convolutions_are_given_to_the_kernels_in_float32() -> None:
    model = load_model("pocket", 4)
    if not torch.cpu._is_amx_tile_supported():
        assert choice.chosen(Wish(model, CPU)) == ("native", torch.float32)
    assert choice.chosen(Wish(model, CPU, precision="fp32")) == ("native", torch.float32)
    assert choice.chosen(Wish(model, CPU, executor="torch", precision="fp32")) == ("torch", torch.float32)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_floats_become_whole_numbers_as_torch_rounds_them(kind: type[np.generic]) -> None:
    y = (noise(40, 50, 3) * 1.4 + 0.5).permute(2, 0, 1)
    y[:, 0, 0] = torch.tensor([float("inf"), -float("inf"), 0.5 / 255])
    whole = np.zeros((60, 70, 3), kind)
    assert quantised(y, whole[5:45, 10:60])
    assert np.array_equal(whole[5:45, 10:60], quantise(y, np.dtype(kind)).numpy().astype(kind).transpose(1, 2, 0))
    whole[5:45, 10:60] = 0
    assert not whole.any()
    assert not quantised(y.contiguous(), whole[5:45, 10:60])


@pytest.fixture
def anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has no kernels yet; its cache."""
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path))
    monkeypatch.setattr(library, "_kernels", cache(library._kernels.__wrapped__))
    return tmp_path / "cache" / "native"


def test_the_library_is_built_once(anew: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert library.available()
    (built,) = anew.iterdir()
    assert built.suffix == ".so"

    def run(*arguments: object, **options: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(subprocess, "run", run)
    library._kernels.cache_clear()
    assert library.available()


def test_without_a_compiler_torch_computes(anew: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    model = load_model("pocket", 4)
    upscaler = Upscaler(model, device="cpu")
    assert upscaler.executor == "torch"
    assert upscaler.upscale(np.zeros((9, 9, 3), np.uint8)).shape == (36, 36, 3)
    with pytest.raises(UsageError, match="no C\\+\\+ compiler"):
        Upscaler(model, device="cpu", executor="native")


def test_what_was_measured_with_kernels_that_are_gone_is_not_taken(anew: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = Wish(load_model("pocket", 4), CPU, precision="fp32")
    choice.record(wish, "native", torch.float32)
    monkeypatch.setenv("PATH", "")
    assert choice.chosen(wish) == ("torch", torch.float32)


def test_a_compiler_that_fails_is_as_none(anew: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "g++"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert not library.available()
    assert not list(anew.iterdir())


@pytest.mark.parametrize("flags", [("-mno-avx512f",), ("-mno-avx512f", "-mno-avx")], ids=["AVX2", "SSE"])
def test_processors_with_shorter_vectors_get_the_same(
    flags: tuple[str, ...], anew: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if torch.backends.cpu.get_cpu_capability() == "NO AVX":
        pytest.skip("only on processors that have longer ones")
    monkeypatch.setattr(library, "FLAGS", (*library.FLAGS, "-march=native", *flags))
    monkeypatch.setattr(library, "_for_this_processor", lambda: ())
    kernels = library.library()
    monkeypatch.setattr(convolution, "library", lambda: kernels)
    assert kernels.upscaler_lanes() == (8 if len(flags) == 1 else 4)
    for kernel, outputs in ((3, 12), (3, 28), (1, 46)):
        theirs = layer(28, outputs, kernel)
        ours = native(theirs, theirs)
        assert ours is not None
        x = noise(2, 28, 9, 50)
        assert close(ours.ending(Finish.SILU)(x), F.silu(theirs(x)))


def test_eager_is_what_it_was_beside_it() -> None:
    model = load_model("pocket", 4)
    x = torch.rand(1, 3, 24, 24)
    before = Eager(model, CPU, torch.float32).run(x, None)
    Native(model, CPU, torch.float32).run(x, None)
    assert torch.equal(Eager(model, CPU, torch.float32).run(x, None), before)
