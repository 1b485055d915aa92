"""The benchmark's figures belong together, and what it finds is what ``auto`` takes."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from tests.engine.small import small
from upscaler.commands.bench import line
from upscaler.engine.bench import Row, bench, matmul_rate
from upscaler.engine.executors.choice import Wish, chosen
from upscaler.networks.run import multiply_adds


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path_factory.mktemp("home")))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_the_figures_of_a_row_follow_from_its_time() -> None:
    model = small(traced=True)[0]
    (row,) = bench([model], [40], ["fp32"], ["torch"], device="cpu", rounds=3)
    assert row.ms_fastest <= row.ms <= row.ms_slowest
    assert row.megapixels_in == pytest.approx(1600 / row.ms / 1e3)
    assert row.megapixels_out == pytest.approx(row.megapixels_in * 4)
    cost = multiply_adds(model.network, model.traits, 256) / 256**2
    assert row.multiply_adds == pytest.approx(cost * row.megapixels_in / 1e3)
    assert row.psnr == float("inf")


def test_a_row_shows_its_share_of_what_the_machine_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the rate of a matrix product in the same precision and with the same threads, both measured here."""
    asked: list[tuple[torch.dtype, int]] = []

    def rate(device: torch.device, dtype: torch.dtype) -> float:
        asked.append((dtype, torch.get_num_threads()))
        return {torch.float32: 4e9, torch.bfloat16: 8e9}[dtype]

    monkeypatch.setattr("upscaler.engine.bench.matmul_rate", rate)
    monkeypatch.setattr("upscaler.engine.cores.usual", lambda: 1)
    rows = list(bench([small(traced=True)[0]], [16, 24], ["fp32", "bf16"], ["torch"], device="cpu", rounds=1))
    assert asked == [(torch.float32, 1), (torch.bfloat16, 1)]
    for row in rows:
        assert row.share == pytest.approx(row.multiply_adds / {"fp32": 4, "bf16": 8}[row.precision])
        assert f" {row.share:.0%} " in line(row)


def test_precisions_that_come_to_the_same_are_timed_once() -> None:
    rows = list(bench([small(traced=True)[0]], [8, 16], ["fp32", "fp32", "bf16"], ["torch"], device="cpu", rounds=1))
    assert [(row.side, row.precision) for row in rows] == [(8, "fp32"), (8, "bf16"), (16, "fp32"), (16, "bf16")]


def test_the_fastest_is_remembered_for_auto() -> None:
    pytest.importorskip("openvino")
    model = small(traced=True)[0]
    rows: list[Row] = list(bench([model], [16], ["fp32"], ["torch", "openvino"], device="cpu", threads=1, rounds=3))
    fastest = min(rows, key=lambda row: row.ms)
    assert chosen(Wish(model, torch.device("cpu"), threads=1)) == (fastest.executor, torch.float32)


def test_what_differs_from_float32_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr("upscaler.engine.bench.FAITHFUL", math.inf)  # not even the rounding of another runtime
    model = small(traced=True)[0]
    list(bench([model], [64], ["bf16"], ["torch", "openvino"], device="cpu", threads=1, rounds=1))
    executor, _ = chosen(Wish(model, torch.device("cpu"), threads=1))
    assert executor == "torch"


def test_what_cannot_be_run_is_left_out_and_said() -> None:
    def refuse(call: int, x: Tensor, y: Tensor) -> Tensor:
        if torch.jit.is_tracing():
            raise ValueError("no such operator")
        return y

    said: list[str] = []
    model = small(on_call=refuse)[0]
    rows = list(bench([model], [8], ["fp32"], ["torch", "openvino"], device="cpu", rounds=1, skipped=said.append))
    assert [row.executor for row in rows] == ["torch"]
    assert len(said) == 1


def test_a_matrix_product_has_a_rate() -> None:
    assert matmul_rate(torch.device("cpu"), torch.float32, 64, 1) > 0
