"""What the program does to its own process, and leaves alone."""

import os
import subprocess
import sys
import threading

import pytest

from upscaler.jobs import process


@pytest.mark.parametrize(("before", "after"), [(None, "20000"), ("7", "7")])
def test_threads_that_wait_spin_shortly_unless_the_user_said_otherwise(before, after):
    probe = "from upscaler.jobs.process import prepare; prepare(); import os; print(os.environ['GOMP_SPINCOUNT'])"
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    environment |= {"GOMP_SPINCOUNT": before} if before else {}
    run = subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == after


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
def test_a_thread_beside_the_network_steps_back_alone():
    before = os.getpriority(os.PRIO_PROCESS, 0)
    found = []

    def work():
        process.yield_to_network()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [min(before + 10, 19)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_what_was_kept_goes_back_after_work():
    probe = (
        "from upscaler.jobs.process import prepare, rest\nprepare()\n"
        "import numpy, psutil\nsize = lambda: psutil.Process().memory_info().rss\n"
        "kept = [numpy.ones(1 << 20) for _ in range(32)]\nmost = size()\ndel kept\n"
        "kept = size()\nrest()\nprint(most - kept, most - size())"
    )
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    kept, given_back = map(int, run.stdout.split())
    assert kept < 32 << 20
    assert given_back > 192 << 20
