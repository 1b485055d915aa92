"""All systems of the NTIRE 2024 challenge: what ``auto`` takes here, beside plain torch and OpenVINO, one tile.

    python -m benchmarks.systems --side 256 --threads 2 --rounds 5 > systems.json

For each system, in processes of their own asked in turn (``benchmarks.engine``): the plain eager float32 forward, our
engine as ``auto`` chooses, in bfloat16 and without its own kernels, and OpenVINO's forward in float32 and bfloat16.
"""

import argparse
import json
import os
import sys
from typing import Any

from benchmarks.engine import compare
from upscaler.models.catalogue import official_catalogue

CONTENDERS = ["plain", "ours-auto", "ours-bf16", "ours-torch", "openvino-f32", "openvino-bf16"]


def systems(challenge: str) -> list[str]:
    """Names of the models whose weights were handed in to a challenge."""
    entries = official_catalogue().entries
    return [entry.name for entry in entries if any((file.mirror or "").startswith(challenge) for file in entry.files)]


def line(found: dict[str, Any]) -> str:
    """A row of the table: milliseconds of all, and ours against OpenVINO's better one."""
    ms = {name: result["ms"] for name, result in found["results"].items()}
    cells = [f"{ms[name]:.0f}" if name in ms else "–" for name in CONTENDERS]
    theirs = min((ms[name] for name in ms if name.startswith("openvino")), default=None)
    ratio = f"{theirs / ms['ours-auto']:.2f}" if theirs and "ours-auto" in ms else "–"
    return f"| {found['model']} | {' | '.join(cells)} | {ratio} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="all systems of the challenge if none")
    parser.add_argument("--challenge", default="ntire2024")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contenders", nargs="+", default=CONTENDERS, choices=CONTENDERS)
    arguments = parser.parse_args()
    print(f"| {arguments.side} | {' | '.join(CONTENDERS)} | OpenVINO / auto |", file=sys.stderr)
    everything = []
    for name in arguments.models or systems(arguments.challenge):
        found = compare(name, arguments.side, arguments.threads, arguments.rounds, arguments.contenders)
        everything.append(found)
        print(line(found), file=sys.stderr, flush=True)
    print(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
