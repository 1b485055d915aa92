import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from upscaler.networks import scan
from upscaler.networks.scan import SelectiveScan, selective_scan


def one_by_one(u: Tensor, step: Tensor, decay: Tensor, enter: Tensor, leave: Tensor) -> Tensor:
    """The recurrence as it is defined, in float64."""
    state = torch.zeros(u.shape[0], *decay.shape, dtype=torch.float64)
    result = []
    for t in range(u.shape[1]):
        drive = (step[:, t] * u[:, t])[:, :, None].double() * enter[:, t, None].double()
        state = (step[:, t, :, None].double() * decay.double()).exp() * state + drive
        result.append((state * leave[:, t, None].double()).sum(2))
    return torch.stack(result, 1)


def arguments(batch: int, length: int, channels: int, states: int, fastest: float) -> tuple[Tensor, ...]:
    draw = torch.Generator().manual_seed(length)
    return (
        torch.randn(batch, length, channels, generator=draw),
        torch.rand(batch, length, channels, generator=draw) * 2,
        -torch.rand(channels, states, generator=draw) * fastest,
        torch.randn(batch, length, states, generator=draw),
        torch.randn(batch, length, states, generator=draw),
    )


@settings(deadline=None, max_examples=40)
@given(
    batch=st.integers(1, 3),
    length=st.integers(1, 70),
    channels=st.integers(1, 5),
    states=st.integers(1, 4),
    fastest=st.sampled_from([1e-6, 1.0, 1e4]),
    kept=st.sampled_from([1, 50, 1 << 20]),
)
def test_the_scan_is_the_recurrence(
    batch: int, length: int, channels: int, states: int, fastest: float, kept: int
) -> None:
    given_arguments = arguments(batch, length, channels, states, fastest)
    usual, scan.CACHE = scan.CACHE, kept
    try:
        result = selective_scan(*given_arguments)
    finally:
        scan.CACHE = usual
    expected = one_by_one(*given_arguments)
    assert (result - expected).abs().max() < 1e-5 * max(float(expected.abs().max()), 1.0)


def test_fast_decay_over_a_long_sequence_does_not_overflow() -> None:
    u, step, _, enter, leave = arguments(1, 5000, 4, 2, 1.0)
    step = 10 * step + 1  # so long that nothing is remembered
    result = selective_scan(u, step, torch.full((4, 2), -7200.0), enter, leave)
    memoryless = step * u * (enter * leave).sum(2, keepdim=True)
    assert torch.allclose(result, memoryless, atol=1e-3)


def test_compilers_may_see_it_as_one_operator() -> None:
    torch.library.opcheck(selective_scan, arguments(2, 9, 3, 2, 1.0), test_utils=("test_schema", "test_faketensor"))


def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    module = SelectiveScan(channels=6, states=4, rank=2).requires_grad_(False)
    torch.nn.init.normal_(module.A_log)
    tokens = torch.randn(3, 40, 6, generator=torch.Generator().manual_seed(1))
    alone = torch.cat([module(picture[None]) for picture in tokens])
    assert torch.allclose(module(tokens), alone, atol=1e-5)


def test_the_past_alone_is_seen() -> None:
    module = SelectiveScan(channels=6, states=4, rank=2)
    tokens = torch.randn(1, 40, 6, generator=torch.Generator().manual_seed(1))
    changed = tokens.clone()
    changed[:, 25:] += 1
    with torch.inference_mode():
        before, after = module(tokens), module(changed)
    assert torch.equal(before[:, :25], after[:, :25])
    assert not torch.allclose(before[:, 25:], after[:, 25:])
