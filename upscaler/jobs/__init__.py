"""Jobs: plan, run, report.  The only layer that knows both the engine and the files.

    plan = make_plan(Request(inputs=(Path("photos"),)), Settings(scale=4, model="span"))
    report = run(plan, tell=print)

Command line and window use exactly this; what they must know of a job is in the plan, the events and the report.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upscaler.jobs.control import Control
    from upscaler.jobs.inputs import Selection
    from upscaler.jobs.plan import Plan, Request, make_plan
    from upscaler.jobs.report import ItemReport, Report
    from upscaler.jobs.running import run
    from upscaler.jobs.settings import FilmSettings, Settings
    from upscaler.jobs.work import Item, Work

__all__ = [
    "Control",
    "FilmSettings",
    "Item",
    "ItemReport",
    "Plan",
    "Report",
    "Request",
    "Selection",
    "Settings",
    "Work",
    "make_plan",
    "run",
]

# A command that is only asked for its help imports its types from here, and nothing of what they stand on.
_LAZY = {
    "Control": "control",
    "FilmSettings": "settings",
    "Item": "work",
    "ItemReport": "report",
    "Plan": "plan",
    "Report": "report",
    "Request": "plan",
    "Selection": "inputs",
    "Settings": "settings",
    "Work": "work",
    "make_plan": "plan",
    "run": "running",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'upscaler.jobs' has no attribute {name!r}")
    return getattr(import_module(f"upscaler.jobs.{_LAZY[name]}"), name)
