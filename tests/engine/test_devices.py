"""Devices and precision: what was asked for, or one sentence that says why not."""

import pytest
import torch

from tests.engine.small import small
from upscaler.engine import Upscaler, devices, precision
from upscaler.errors import DeviceError, UsageError

CPU = torch.device("cpu")


def test_the_processor_is_always_there_and_last() -> None:
    assert devices.available()[-1] == "cpu"
    assert devices.pick("cpu") == [CPU]


@pytest.mark.parametrize("wish", ["cuda:99", "xpu:99", "abacus", "cpu:1", "cuda:0,99", "cuda:", ""])
def test_a_device_that_is_not_here_is_refused_and_those_that_are_named(wish: str) -> None:
    with pytest.raises(DeviceError, match=r"there is .*cpu"):
        devices.pick(wish)


def test_several_cards_are_meant_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "available", lambda: ["cuda:0", "cuda:1", "cpu"])
    assert devices.pick("cuda:1,0") == [torch.device("cuda:1"), torch.device("cuda:0")]
    assert devices.pick("cuda") == devices.pick("auto") == [torch.device("cuda:0")]
    assert devices.pick("cuda:1,1") == [torch.device("cuda:1")]


def test_half_precision_is_taken_only_where_the_processor_computes_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()[0]
    monkeypatch.setattr(precision, "cpu_computes_bf16", lambda: False)
    assert precision.pick("auto", model, CPU) == torch.float32
    monkeypatch.setattr(precision, "cpu_computes_bf16", lambda: True)
    assert precision.pick("auto", model, CPU) == torch.bfloat16
    assert precision.pick("fp32", model, CPU) == torch.float32


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(UsageError, match="auto, fp32, fp16, bf16"):
        precision.named("fp8")


def test_a_model_is_never_changed_by_the_engine() -> None:
    model = small()[0]
    before = {key: value.clone() for key, value in model.network.state_dict().items()}
    Upscaler(model, precision="bf16")
    for key, value in model.network.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, before[key])
