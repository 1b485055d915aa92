"""Past jobs: what was made when, and how it ended; the last hundred, one line of JSON each."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from upscaler._version import __version__
from upscaler.folders import state_folder
from upscaler.jobs.report import Report
from upscaler.jobs.settings import Settings

KEPT = 100
MOST_INPUTS = 1000
"""Of a job that are remembered; a job of more keeps none."""


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

    settings: dict[str, Any] = field(default_factory=dict)
    engines: tuple[str, ...] = ()
    exit_code: int = 0
    inputs: tuple[str, ...] = ()
    """What the job was about, to be done again."""


def append(report: Report, summary: str) -> None:
    """Remember a job, ``summary`` being its outcome in words; where the disk refuses, nothing is remembered."""
    outputs = [item.output for item in report.items if item.output]
    past = Past(
        when=time.time(),
        summary=summary,
        model=", ".join(dict.fromkeys(model for item in report.items for model in item.models)),
        folder=str(Path(outputs[0]).parent) if outputs else "",
        failed=tuple(f"{Path(item.source).name}: {item.sentence}" for item in report.items if item.state == "failed"),
        settings=report.settings,
        engines=tuple(report.engines),
        exit_code=report.exit_code,
        inputs=_inputs(report),
    )
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(msgspec.to_builtins(p)) for p in [*read(), past][-KEPT:]]
        _file().write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        return


def _inputs(report: Report) -> tuple[str, ...]:
    sources = tuple(item.source for item in report.items)
    try:
        "".join(sources).encode()
    except UnicodeEncodeError:
        return ()  # names need not be text, and one that is not cannot stand in the file
    return sources if len(sources) <= MOST_INPUTS else ()


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


def report_text(past: Past | None) -> str:
    """What helps whoever looks into a problem: versions, machine, settings and outcome, without names of files."""
    lines = [f"upscaler {__version__}, Python {platform.python_version()}, {platform.platform()}"]
    if past is not None:
        changed = {key: value for key, value in past.settings.items() if value != _DEFAULTS.get(key)}
        if "model" in changed:
            changed["model"] = Path(str(changed["model"])).name
        lines += [
            past.summary,
            f"exit code {past.exit_code}, {len(past.failed)} failed",
            f"settings: {json.dumps(changed)}",
            *past.engines,
        ]
    return "\n".join(lines)


_DEFAULTS = msgspec.to_builtins(Settings())


def _file() -> Path:
    return state_folder() / "history.jsonl"
