"""No injected fault: the system itself refuses memory, and the picture is finished all the same."""

import subprocess
import sys

import pytest

PROBE = """
import resource, sys
import numpy as np, psutil, torch
from tests.engine.small import small
from upscaler.engine import Upscaler
from upscaler.engine.events import Fallback

torch.set_num_threads(1)
picture = np.random.default_rng(0).integers(0, 256, (1500, 1400, 3), dtype=np.uint8)
right = Upscaler(small()[0], precision="fp32", tile=100).upscale(picture)
told = []
upscaler = Upscaler(small()[0], precision="fp32", tile=0, memory=2**40, tell=told.append)
assert upscaler.core_for(1500, 1400) is None
used = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (used + 150 * 2**20, resource.RLIM_INFINITY))
result = upscaler.upscale(picture)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(sum(isinstance(event, Fallback) for event in told), abs(result.astype(int) - right).max())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory like this")
def test_when_the_system_gives_no_memory_tiles_shrink_until_it_does() -> None:
    run = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    fallbacks, difference = map(int, run.stdout.split())
    assert fallbacks > 0
    assert difference <= 1
