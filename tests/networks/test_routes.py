"""Networks that sort pixels by class: what they give when the classes are those that the authors' code chose."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.networks.official import Official, load, officials
from tests.shared import SHARED, needs_shared
from upscaler.networks.mambair import Router

ROUTED = [official for official in officials() if official.name in ("mambairv2-light", "dwmamba")]


def routes(official: Official, case: int) -> list[Tensor]:
    """The golden's classes, 1,L for each layer in order."""
    (name,) = official.goldens
    golden = np.load(SHARED / name)
    keys = sorted(key for key in golden if key.startswith(f"routes{case}_"))
    return [torch.from_numpy(golden[key].astype(np.int64))[None] for key in keys]


@contextmanager
def forced(routers: list[Router], classes: list[Tensor]) -> Iterator[list[Tensor]]:
    """In place of what the routers choose; gives what they would have chosen."""
    left, chosen = iter(classes), []

    def force(_module: nn.Module, _inputs: object, own: Tensor) -> Tensor:
        chosen.append(own)
        return next(left)

    handles = [router.register_forward_hook(force) for router in routers]
    try:
        yield chosen
    finally:
        for handle in handles:
            handle.remove()


@needs_shared
@pytest.mark.parametrize("official", ROUTED, ids=lambda o: f"{o.year}-{o.name}")
def test_with_its_authors_classes_it_gives_what_its_authors_code_gives(official: Official) -> None:
    network = load(official).network
    routers = [module for module in network.modules() if isinstance(module, Router)]
    for case, (x, y) in enumerate(official.cases()):
        theirs = routes(official, case)
        with forced(routers, theirs) as chosen, torch.inference_mode():
            result = network(torch.from_numpy(x)).numpy()
        assert abs(result - y).max() < 1e-4
        differing = [float((a != b).float().mean()) for a, b in zip(chosen, theirs, strict=True)]
        assert max(differing) < 0.01
