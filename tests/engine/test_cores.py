"""The processor: all of it but what the user needs, and never more threads than were asked for."""

import os
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
import torch

from tests.engine.small import small
from upscaler.engine import Upscaler, cores


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def machine(monkeypatch: pytest.MonkeyPatch, physical: int | None, allowed: int) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: physical)
    monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda self: list(range(allowed)), raising=False)


@pytest.mark.parametrize(
    ("physical", "allowed", "threads"),
    [(1, 1, 1), (2, 2, 2), (2, 4, 2), (3, 3, 2), (8, 16, 7), (8, 4, 3), (None, 6, 5)],
)
def test_one_core_stays_the_users_where_there_are_more_than_two(
    monkeypatch: pytest.MonkeyPatch, physical: int | None, allowed: int, threads: int
) -> None:
    machine(monkeypatch, physical, allowed)
    assert cores.usual() == threads


@pytest.mark.parametrize(("asked", "threads"), [("5", 5), ("0", 7), ("", 7), ("many", 7)])
def test_a_number_of_threads_from_outside_is_taken(monkeypatch: pytest.MonkeyPatch, asked: str, threads: int) -> None:
    machine(monkeypatch, 8, 16)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert cores.usual() == threads


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux tells which processors are allowed")
def test_processors_that_this_process_may_not_use_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert 1 <= cores.usual() <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_network_runs_with_the_threads_that_were_asked_for(threads: int) -> None:
    seen: list[int] = []

    def look(call: int, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        return y

    upscaler = Upscaler(small(on_call=look)[0], device="cpu", threads=threads)
    upscaler.upscale(np.zeros((40, 50, 3), np.uint8))
    assert set(seen) == {threads}


def test_the_library_leaves_torchs_own_number_alone() -> None:
    torch.set_num_threads(2)
    Upscaler(small()[0], device="cpu")
    assert torch.get_num_threads() == 2
