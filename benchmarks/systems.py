"""All systems of a challenge on this machine: what ``auto`` takes, and how it compares with OpenVINO's best setting.

    python -m benchmarks.systems --rounds 5 --json systems.json

Each system by torch, our own kernels and OpenVINO, in float32 and half precision, through our engine (pixels in, pixels
out), in interleaved rounds; what is fastest is remembered for ``auto``, as ``upscaler bench`` does.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from upscaler.engine import allocator, cores
from upscaler.engine.bench import Row, bench
from upscaler.engine.executors.choice import Name, Wish, chosen
from upscaler.engine.precision import NAMES, worth_timing
from upscaler.models.catalogue import official_catalogue
from upscaler.models.loading import load_model

CPU = torch.device("cpu")

NOT_CONVERTED = ("craft", "dvmsr", "harn")
"""OpenVINO does not come to an end with these within minutes."""

COLUMNS = ("torch fp32", "torch bf16", "native fp32", "native bf16", "openvino fp32", "openvino bf16")


def systems(challenge: str) -> list[str]:
    """Names of the models whose weights were handed in to a challenge."""
    entries = official_catalogue().entries
    return [entry.name for entry in entries if any((file.mirror or "").startswith(challenge) for file in entry.files)]


def line(name: str, rows: Sequence[Row], choice: str) -> str:
    """A row of the table: milliseconds of all, what ``auto`` takes, and its speed against OpenVINO's better one."""
    ms = {f"{row.executor} {row.precision}": row.ms for row in rows}
    theirs = min((ms[column] for column in COLUMNS[4:] if column in ms), default=None)
    cells = [f"{ms[column]:.0f}" if column in ms else "–" for column in COLUMNS]
    return f"| {name} | {' | '.join(cells)} | {choice} | {f'{theirs / ms[choice]:.2f}' if theirs else '–'} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="all systems of the challenge if none")
    parser.add_argument("--challenge", default="ntire2024")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    allocator.keep()  # as the program does
    print(f"| {arguments.side} | {' | '.join(COLUMNS)} | auto | OpenVINO / auto |", flush=True)
    everything = []
    for name in arguments.models or systems(arguments.challenge):
        model = load_model(name, 4)
        executors: list[Name] = ["torch", "native"] if name in NOT_CONVERTED else ["torch", "native", "openvino"]
        rows = list(
            bench([model], [arguments.side], worth_timing(CPU), executors, device="cpu", rounds=arguments.rounds)
        )
        executor, dtype = chosen(Wish(model, CPU, threads=cores.usual()))
        everything += [asdict(row) for row in rows]
        print(line(name, rows, f"{executor} {NAMES[dtype]}"), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
