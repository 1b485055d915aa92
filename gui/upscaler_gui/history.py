"""Past jobs: what was made when, and how it ended; the last hundred, one line of JSON each."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from upscaler.folders import state_folder
from upscaler.jobs.report import Report

KEPT = 100


@dataclass(frozen=True, slots=True)
class Past:
    """One job."""

    when: float
    """Seconds since 1970."""

    summary: str
    model: str
    folder: str
    failed: tuple[str, ...] = ()
    """Sentences."""


def append(report: Report) -> None:
    """Remember a job; where the disk refuses, nothing is remembered."""
    outputs = [item.output for item in report.items if item.output]
    past = Past(
        when=time.time(),
        summary=report.summary(),
        model=", ".join(dict.fromkeys(model for item in report.items for model in item.models)),
        folder=str(Path(outputs[0]).parent) if outputs else "",
        failed=tuple(f"{Path(item.source).name}: {item.sentence}" for item in report.items if item.state == "failed"),
    )
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(msgspec.to_builtins(p)) for p in [*read(), past][-KEPT:]]
        _file().write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        return


def read() -> list[Past]:
    """Oldest first; lines that cannot be read are left out."""
    try:
        lines = _file().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Past))
        except (msgspec.DecodeError, msgspec.ValidationError):
            continue
    return found


def _file() -> Path:
    return state_folder() / "history.jsonl"
