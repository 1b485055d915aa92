"""How long each model takes, in units of SPAN x4's time on the same picture, into ``docs/times.json``.

    python -m tools.measure_times WEIGHTS [--side 96] [--only NAME ...]

WEIGHTS is a mirror of official checkpoints.  The two networks take turns on one thread in float32; processor time
counts, and the least of each, so that other work on the machine disturbs neither figure much.  Cheap models come first;
the file is written after every one.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from upscaler.errors import UpscalerError
from upscaler.models.catalogue import official_catalogue
from upscaler.models.loading import load_entry
from upscaler.models.manifest import Entry
from upscaler.models.model import Model
from upscaler.models.store import Store
from upscaler.networks.run import run_whole

RESULT = Path(__file__).resolve().parents[1] / "docs" / "times.json"
TURNS = 4
ENOUGH = 3.0
"""Processor seconds of one model's turns after which no further one is begun."""


def seconds(model: Model, picture: torch.Tensor) -> float:
    begun = time.process_time()
    with torch.inference_mode():
        run_whole(model.network, model.traits, picture)
    return time.process_time() - begun


def relative(model: Model, span: Model, picture: torch.Tensor) -> float:
    """The model's least time by SPAN's."""
    ours, theirs = [], []
    seconds(span, picture)
    for _ in range(TURNS):
        theirs.append(seconds(span, picture))
        ours.append(seconds(model, picture))
        if sum(ours) > ENOUGH:
            break
    return min(ours) / min(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--only", nargs="+", metavar="NAME")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    store = Store(offline=True, mirror=chosen.weights)
    picture = torch.rand(1, 3, chosen.side, chosen.side, generator=torch.Generator().manual_seed(0))
    known: dict[str, float] = json.loads(RESULT.read_text()) if RESULT.is_file() else {}

    def load(entry: Entry) -> Model:
        return load_entry(entry, store.fetch(entry))

    span = load(official_catalogue().find("span", 4))
    entries = [e for e in official_catalogue().entries if not chosen.only or e.name in chosen.only]
    for entry in sorted(entries, key=lambda e: e.cost.macs_256 if e.cost else 0):
        try:
            model = load(entry)
        except UpscalerError:
            continue
        known[entry.key] = round(relative(model, span, picture), 2)
        print(f"{entry.key}: {known[entry.key]}", flush=True)
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
