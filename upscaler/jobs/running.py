"""Doing what a plan says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING

from upscaler.errors import Cancelled, UpscalerError
from upscaler.jobs import events
from upscaler.jobs.control import Control
from upscaler.jobs.plan import Plan, kinds
from upscaler.jobs.report import Report
from upscaler.jobs.work import Item

if TYPE_CHECKING:
    from upscaler.jobs.session import Session


def run(
    plan: Plan,
    *,
    tell: Callable[[events.Event], None] | None = None,
    control: Control | None = None,
    verify_tiles: bool = False,
) -> Report:
    """Does all items of a plan; an item that fails does not stop the others.

    Args:
        plan: from ``make_plan``.
        tell: gets every event; called from more than one thread, but never by two at once.
        control: pauses and cancels the job from outside.
        verify_tiles: a part of every picture is enlarged in tiles and whole; the difference is told and reported.

    Raises ModelError if the models cannot be had: then nothing was done.  Everything else is in the report: the job
    ends early where the disk is full (exit code 4) or it was cancelled (130).
    """
    from upscaler.jobs.session import Session

    session = Session(plan, tell or (lambda event: None), control or Control(), verify_tiles=verify_tiles)
    try:
        return _done(plan, session)
    finally:
        plan.models.release()


def _done(plan: Plan, session: Session) -> Report:
    to_do = plan.to_do
    plan.models.told_of_download = session.downloading
    try:
        if to_do:
            plan.models.load()
    except Cancelled as error:
        return session.completed(error)
    session.report.model_reason = plan.models.reason
    session.tell(events.Planned(len(plan.items), ", ".join(plan.models.names), plan.models.reason))
    for sentence in plan.notes:
        session.tell(events.Warned(None, sentence))
    sound = [item for item in plan.items if item.problem is None]
    making = {item.output for item in to_do if item.output is not None}
    for kind, folder in {(_kind(item), item.output.parent) for item in sound if item.output is not None}:
        kinds()[kind].tidy(folder, making)
    for item in plan.items:
        if item.problem is not None:
            session.failed(item, item.problem)
        elif item.skip is not None:
            session.skipped(item, item.skip)
    try:
        for kind, items in groupby(to_do, _kind):
            kinds()[kind].run(list(items), session)
    except UpscalerError as error:
        return session.completed(error)
    return session.completed(None)


def _kind(item: Item) -> str:
    assert item.work is not None  # items without work have a problem, and are not to be done
    return item.work.kind
