"""Jobs: plan, run, report.  The only layer that knows both the engine and the files.

    plan = make_plan(Request(inputs=(Path("photos"),)), Settings(scale=4, model="span"))
    report = run(plan, tell=print)

Command line and window use exactly this; what they must know of a job is in the plan, the events and the report.
"""

from upscaler.jobs.control import Control
from upscaler.jobs.inputs import Selection
from upscaler.jobs.plan import Plan, Request, make_plan
from upscaler.jobs.report import ItemReport, Report
from upscaler.jobs.run import run
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
