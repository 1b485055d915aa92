"""What is said while a job runs."""

import io
import json
from pathlib import Path

import pytest

from tests.pictures import save
from upscaler.commands import progress
from upscaler.commands.progress import Bar, JsonLines, Lines, line
from upscaler.jobs import Plan, Request, Settings, events, make_plan

ALL = [
    events.Planned(1, "span x4", "the best"),
    events.Downloading("span.pth", 5, 10),
    events.Started(0, "a.png", "out/a.png"),
    events.Warned(0, "Only the first of 2 frames or pages is taken."),
    events.Progress(0, 1, 4),
    events.Fallback(0, "Tile 2 did not fit."),
    events.Progress(0, 4, 4),
    events.Finished(0, "out/a.png", 1.25),
    events.Failed(0, "b.png", "b.png is empty; it was left out."),
    events.Skipped(0, "c.png", "c.png is there already."),
    events.Completed(1, 1, 1, 2.0, 1),
]


class Terminal(io.StringIO):
    """A terminal of 100 columns."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def plan(tmp_path: Path, repeat_x2: str) -> Plan:
    save(tmp_path / "a.png")
    return make_plan(Request(inputs=(tmp_path / "a.png",)), Settings(model=repeat_x2, scale=2.0))


def test_lines_say_results_and_troubles_apart(plan: Plan) -> None:
    out, err = Terminal(), Terminal()
    tell = Lines(plan, out=out, err=err)
    for event in ALL:
        tell(event)
    assert out.getvalue().splitlines() == [
        "span x4: the best",
        "out/a.png (1.2 s)",
        "c.png is there already.",
        "1 done, 1 skipped, 1 failed in 2.0 s.",
    ]
    assert err.getvalue().splitlines() == [
        "a.png: Note: Only the first of 2 frames or pages is taken.",
        "a.png: Tile 2 did not fit.",
        "b.png is empty; it was left out.",
    ]


def test_quiet_lines_say_failures_only(plan: Plan) -> None:
    out, err = Terminal(), Terminal()
    tell = Lines(plan, quiet=True, out=out, err=err)
    for event in ALL:
        tell(event)
    assert out.getvalue() == ""
    assert err.getvalue() == "b.png is empty; it was left out.\n"


def test_verbose_lines_say_what_is_begun(plan: Plan) -> None:
    out = Terminal()
    Lines(plan, verbose=True, out=out)(ALL[2])
    assert "a.png 12x9 -> " in out.getvalue()
    assert "24x18 (repeat x2)" in out.getvalue()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(2, ""), (6, "10% done, about 54 s to go.\n"), (20, "10% done, about 3 min to go.\n"),
     (900, "10% done, about 2 h 15 min to go.\n")],
)  # fmt: skip
def test_a_long_job_without_a_terminal_says_how_long_it_will_take(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, seconds: float, said: str
) -> None:
    err, now = Terminal(), [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    tell = Lines(plan, out=Terminal(), err=err)
    tell(events.Started(0, "a.png", "out/a.png"))
    now[0] = seconds
    tell(events.Progress(0, 10, 100))
    tell(events.Progress(0, 11, 100))
    assert err.getvalue() == said


def test_the_time_that_is_left_is_said_again_every_ten_minutes_and_never_when_quiet(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    err, silence, now = Terminal(), Terminal(), [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    talking, quiet = Lines(plan, out=Terminal(), err=err), Lines(plan, quiet=True, out=Terminal(), err=silence)
    for tell in (talking, quiet):
        now[0] = 0
        tell(events.Started(0, "a.png", "out/a.png"))
        for minute in range(1, 40):
            now[0] = 60.0 * minute
            tell(events.Progress(0, minute, 40))
    assert err.getvalue().splitlines() == [
        "2% done, about 39 min to go.",
        "28% done, about 29 min to go.",
        "52% done, about 19 min to go.",
        "78% done, about 9 min to go.",
    ]
    assert silence.getvalue() == ""


def test_a_bar_reaches_its_end_when_the_file_is_there(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    bar = Bar(plan, out=Terminal(), err=Terminal())
    for event in ALL[:7]:
        bar(event)
    assert 0.9 < bar.share < 1
    for event in ALL[7:]:
        bar(event)
    assert bar.share == pytest.approx(1)
    bar.close()


def test_json_lines_hold_every_field_of_every_event() -> None:
    out = io.StringIO()
    tell = JsonLines(out)
    for event in ALL:
        tell(event)
    records = [json.loads(text) for text in out.getvalue().splitlines()]
    assert [record["event"] for record in records] == [type(event).__name__.lower() for event in ALL]
    assert records[4] == {"event": "progress", "item": 0, "done": 1, "total": 4, "stage": "upscaling"}


def test_every_event_has_words_or_none() -> None:
    assert [line(event) is None for event in ALL].count(True) == 4
