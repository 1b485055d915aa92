import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.networks.seeded import seeded
from tests.shared import SHARED, needs_shared
from upscaler.errors import WeightsError
from upscaler.models.catalogue import Catalogue
from upscaler.models.loading import load_file
from upscaler.models.ncnn import read_arrays, read_graph, read_pair

pytestmark = needs_shared

FOLDERS = ("monarc99+SPAN-ncnn-vulkan", "k4yt3x+video2x")
PAIRS = [
    graph
    for folder in FOLDERS
    for graph in sorted((SHARED / "weights" / folder).glob("*.param"))
    if graph.with_suffix(".bin").is_file()
]
ONE = SHARED / "weights" / FOLDERS[0] / "spanx4_ch48.param"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for suffix in (".param", ".bin"):
        shutil.copyfile(ONE.with_suffix(suffix), tmp_path / f"x{suffix}")
        (tmp_path / f"x{suffix}").chmod(0o644)
    return tmp_path / "x.param"


@pytest.mark.parametrize("graph", PAIRS, ids=lambda p: p.stem)
def test_a_pair_gives_what_the_ncnn_runtime_gives(graph: Path) -> None:
    model = load_file(graph, Catalogue(()))
    golden = np.load(SHARED / "goldens" / "real" / f"{graph.stem}.npz")
    for i in range(2):
        with torch.inference_mode():
            ours = model.network(torch.from_numpy(golden[f"x{i}"])).numpy()
        assert abs(ours - golden[f"y{i}"]).max() < 1e-5


def test_either_half_may_be_named() -> None:
    halves = [load_file(ONE.with_suffix(suffix), Catalogue(())) for suffix in (".param", ".bin")]
    assert halves[0].sha256 == halves[1].sha256


def test_a_missing_half_is_named(copy: Path) -> None:
    copy.with_suffix(".bin").unlink()
    with pytest.raises(WeightsError, match=r"half of an ncnn model, and x\.bin is not beside it"):
        load_file(copy, Catalogue(()))


@pytest.mark.parametrize(
    ("old", "new"),
    [("2=2.550000e+02", "2=2.540000e+02"), ("Swish  ", "Sigmoid"), ("4=1 5=1 6=20736", "4=0 5=1 6=20736")],
    ids=["another constant", "another activation", "no padding"],
)
def test_a_graph_that_computes_something_else_is_refused(copy: Path, old: str, new: str) -> None:
    text = copy.read_text()
    assert old in text
    copy.write_text(text.replace(old, new, 1))
    with pytest.raises(WeightsError, match="not known in ncnn form"):
        read_pair(copy, copy.with_suffix(".bin"))


def test_weights_of_another_graph_are_refused(copy: Path) -> None:
    shutil.copyfile(ONE.with_name("spanx4_ch52.bin"), copy.with_suffix(".bin"))
    with pytest.raises(WeightsError, match="not the weights of its graph"):
        read_pair(copy, copy.with_suffix(".bin"))


@pytest.mark.parametrize("length", [0, 11, 12, 15, 100, 854_787])
def test_cut_weights_are_refused(copy: Path, length: int) -> None:
    weights = copy.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[:length])
    with pytest.raises(WeightsError, match="cut off"):
        read_pair(copy, weights)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("76\n", "not an ncnn graph"),
        ("7767517\n3 3\nInput data 0 1 data\n", "cut off"),
        ("7767517\n1 1\nInput data x 1 data\n", "line 3"),
        ("7767517\n1 1\nInput data 0 5 data\n", "line 3"),
    ],
)
def test_a_damaged_graph_is_refused_in_a_sentence(copy: Path, text: str, sentence: str) -> None:
    copy.write_text(text)
    with pytest.raises(WeightsError, match=sentence):
        read_graph(copy)


def test_float32_tags_and_the_order_of_rrdbnet(tmp_path: Path) -> None:
    graph = SHARED / "weights" / FOLDERS[1] / "realesrgan-plus-anime-x4.param"
    names = ["conv_first"]
    names += [f"body.{b}.rdb{d}.conv{c}" for b in range(6) for d in (1, 2, 3) for c in range(1, 6)]
    names += ["conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"]
    sizes = [(int(l.values[0]), int(l.values[6])) for l in read_graph(graph) if l.kind == "Convolution"]  # noqa: E741
    with (tmp_path / "x.bin").open("wb") as file:
        for name, (outputs, total) in zip(names, sizes, strict=True):
            shape = (outputs, total // outputs // 9, 3, 3)
            file.write(bytes(4) + seeded(f"{name}.weight", shape).numpy().tobytes())
            file.write(seeded(f"{name}.bias", (outputs,)).numpy().tobytes())
    assert (tmp_path / "x.bin").stat().st_size == 17_871_500
    shutil.copyfile(graph, tmp_path / "x.param")
    network = load_file(tmp_path / "x.param", Catalogue(())).network
    golden = np.load(SHARED / "goldens" / "real" / "realesrgan-plus-anime-x4.seeded.npz")
    for i in range(2):
        with torch.inference_mode():
            ours = network(torch.from_numpy(golden[f"x{i}"])).numpy()
        assert abs(ours - golden[f"y{i}"]).max() < 1e-5
    state = read_pair(graph, tmp_path / "x.bin")
    assert torch.equal(state["body.3.rdb2.conv4.weight"], seeded("body.3.rdb2.conv4.weight", (32, 160, 3, 3)))
    assert torch.equal(state["conv_last.bias"], seeded("conv_last.bias", (3,)))


@pytest.mark.parametrize(
    ("tag", "pack"),
    [
        (0x0002C056, lambda v: v.astype("<f4").tobytes()),
        (0x01306B47, lambda v: v.astype("<f2").tobytes() + b"\0\0"),
        (0x01348B83, lambda v: (v.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes() + b"\0\0"),
        (7, lambda v: np.r_[v, np.zeros(256 - len(v))].astype("<f4").tobytes() + bytes(range(len(v))) + b"\0\0\0"),
    ],
    ids=["float32", "float16", "bfloat16", "table"],
)
def test_every_kind_of_array_is_read(tmp_path: Path, tag: int, pack: object) -> None:
    values = np.array([0.5, -2.0, 1.5, 0.25, 8.0, 1.0, -1.0, 0.0, 4.0], np.float32)
    (tmp_path / "x.param").write_text("7767517\n1 1\nConvolution c 0 1 out 0=1 1=3 4=1 5=1 6=9\n")
    assert callable(pack)
    (tmp_path / "x.bin").write_bytes(tag.to_bytes(4, "little") + pack(values) + np.float32(3).tobytes())
    ((weight, bias),) = read_arrays(read_graph(tmp_path / "x.param"), tmp_path / "x.bin").convolutions
    assert np.array_equal(weight.ravel(), values)
    assert bias == 3


def test_integer_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.param").write_text("7767517\n1 1\nConvolution c 0 1 out 0=1 1=3 4=1 5=1 6=9\n")
    (tmp_path / "x.bin").write_bytes((0x000D4B38).to_bytes(4, "little") + bytes(12))
    with pytest.raises(WeightsError, match="8-bit integer"):
        read_arrays(read_graph(tmp_path / "x.param"), tmp_path / "x.bin")
