"""Memory and time of ESC's window attention, as the program runs it and with every score held at once.

Usage: python -m benchmarks.attention_memory [--sides 256 512] [--runs 3] [--threads 1] [--json FILE]

ESC x4, float32, on the CPU.  From fresh processes: the peak of resident memory, interpreter and all, the part
of it that was there before the picture, and the CPU seconds of one forward pass; medians.  The ways take turns.
At 512x512 the plain way needs ten gigabytes.  The weights are random: they change neither time nor memory.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import Tensor

from upscaler.networks import esc
from upscaler.networks.esc import Esc, EscConfig, WindowAttention

CONFIG = EscConfig(
    scale=4,
    width=64,
    mixed=16,
    estimator=8,
    blocks=5,
    layers=5,
    heads=4,
    side=32,
    first_hidden=128,
    hidden=80,
    normed=False,
)
"""ESC x4 of the paper."""

WAYS = ("naive", "ours")


def scores_at_once(self: WindowAttention, x: Tensor) -> Tensor:
    """The same attention as a textbook has it: the scores of all windows as one tensor, then softmax, then the sum."""
    height, width = x.shape[2:]
    whole = esc.reflect_to_multiple(x, self.side)
    n, channels, rows, columns = *whole.shape[:2], whole.shape[2] // self.side, whole.shape[3] // self.side
    parts = self.to_qkv(whole).view(n, 3, self.heads, -1, rows, self.side, columns, self.side)
    parts = parts.permute(1, 0, 4, 6, 2, 5, 7, 3).reshape(3, n * rows * columns, self.heads, self.side**2, -1)
    query, key, value = parts
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    scores = scores + esc.relative_bias(self.relative_position_bias, self.side)
    result = scores.softmax(-1) @ value
    placed = result.view(n, rows, columns, self.heads, self.side, self.side, -1).permute(0, 3, 6, 1, 4, 2, 5)
    y: Tensor = self.to_out(placed.reshape(n, channels, *whole.shape[2:])[:, :, :height, :width])
    return y


def once(way: str, side: int, threads: int) -> dict[str, float]:
    """One forward pass, in this process: CPU seconds, and megabytes at the peak and before."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if way == "naive":
        WindowAttention.forward = scores_at_once  # type: ignore[method-assign]
    network = Esc(CONFIG).eval().requires_grad_(False)
    with torch.inference_mode():
        network(torch.rand(1, 3, 32, 32))
        before = peak()
        picture = torch.rand(1, 3, side, side)
        start = time.process_time()
        network(picture)
        return {"cpu_seconds": time.process_time() - start, "peak_mb": peak(), "before_mb": before}


def peak() -> float:
    """Highest resident memory of this process so far, in megabytes.

    Linux counts into ``ru_maxrss`` what the parent held when it started this process; ``VmHWM`` begins anew.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def fresh(way: str, side: int, threads: int) -> dict[str, float]:
    """``once``, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(once, (way, side, threads))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512], help="of the picture, in pixels")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    rows = []
    for side in chosen.sides:
        runs = [{way: fresh(way, side, chosen.threads) for way in WAYS} for _ in range(chosen.runs)]
        for way in WAYS:
            middle = {key: round(statistics.median(run[way][key] for run in runs), 1) for key in runs[0][way]}
            rows.append({"way": way, "side": side, **middle})
            print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
