"""Enlarges a film in a process of its own, so that a test can kill it.

Processes are forked from one that has loaded everything: a new interpreter would spend seconds on imports.
"""

import multiprocessing
import os
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import upscaler.jobs.film_run  # noqa: F401 - loaded before the fork
from tests.films import TWICE, enlarge
from upscaler.jobs import FilmSettings, Report, Request, Settings, film_plan, make_plan, run

SETTINGS = Settings(
    scale=2, model="twice", device="cpu", precision="fp32", film=FilmSettings(encoder_preset="veryfast")
)

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def start(source: Path, output: Path, said: Path | None = None) -> ForkServerProcess:
    """A process that enlarges ``source``; what is said of the film goes to the file ``said``."""
    process = _context.Process(target=_make, args=(source, output, said))
    process.start()
    return process


def start_job(request: Request, settings: Settings, said: Path | None = None) -> ForkServerProcess:
    """The same by way of a plan that looks at what is there, as the command does."""
    process = _context.Process(target=_do, args=(request, settings, os.environ["UPSCALER_HOME"], said))
    process.start()
    return process


def finish(process: ForkServerProcess) -> int:
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _make(source: Path, output: Path, said: Path | None) -> None:
    film_plan._PIECE_FRAMES = (24, 24)
    _end(enlarge(source, output, SETTINGS, TWICE), said)


def _do(request: Request, settings: Settings, home: str, said: Path | None) -> None:
    os.environ["UPSCALER_HOME"] = home
    film_plan._PIECE_FRAMES = (24, 24)
    _end(run(make_plan(request, settings)), said)


def _end(report: Report, said: Path | None) -> None:
    if said is not None:
        said.write_text("\n".join([report.items[0].sentence, *report.items[0].warnings]))
    sys.exit(report.exit_code)
