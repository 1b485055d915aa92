"""The command on real files: what a person sees, and what is there afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.commands.conftest import Command
from tests.pictures import noise, save
from tests.shared import SHARED, needs_shared
from upscaler.media.still import read_picture

Process = Callable[..., "subprocess.Popen[bytes]"]


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three good pictures, one cut, one that is a text, and what systems leave."""
    folder = tmp_path / "photos"
    for name in ("a.png", "b.jpg", "trip/c.webp"):
        save(folder / name)
    whole = save(folder / "cut.png", noise(60, 60))
    whole.write_bytes(whole.read_bytes()[:2000])
    (folder / "letter.jpg").write_text("From: someone\n")
    (folder / "Thumbs.db").write_bytes(b"\0")
    return folder


def test_a_folder_is_done_and_what_is_bad_is_named(
    tmp_path: Path, photos: Path, upscale: Command, repeat_x2: str
) -> None:
    said = upscale(photos, "-s", 2, "-m", repeat_x2, "-o", tmp_path / "out")
    assert said.exit_code == 1
    assert files(tmp_path / "out") == ["a.png", "b.jpg", "trip/c.webp"]
    assert said.errors == [
        f"{photos / 'cut.png'} ends in the middle of the picture; it was left out.",
        f'{photos / "letter.jpg"} is not a picture: it begins with text ("From: someone..."); it was left out.',
    ]
    assert said.out.splitlines()[-1].startswith("3 done, 2 failed in ")
    assert read_picture(tmp_path / "out/a.png").pixels.shape == (18, 24, 3)

    again = upscale(photos, "-s", 2, "-m", repeat_x2, "-o", tmp_path / "out")
    assert again.exit_code == 1
    assert again.out.count("is there already, made from this input with these settings.") == 3
    assert again.out.splitlines()[-1].startswith("0 done, 3 skipped, 2 failed in ")


def test_all_good_is_zero(tmp_path: Path, upscale: Command, repeat_x2: str) -> None:
    save(tmp_path / "a.png")
    assert upscale(tmp_path / "a.png", "-s", 2, "-m", repeat_x2).exit_code == 0
    assert files(tmp_path / "upscaled") == ["a.png"]
    assert upscale(tmp_path / "a.png", "-s", 2, "-m", repeat_x2).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["{}/nothing.png"], 2, "upscale: There is no file or folder {}/nothing.png."),
        (["{}/empty"], 2, "upscale: There is no file in the folder {}/empty; name one that holds pictures or films."),
        (["{}/*.jpg"], 2, "upscale: Nothing matches the pattern {}/*.jpg."),
        (["{}/a.png", "-m", "spam"], 3, "upscale: There is no model 'spam'; did you mean span"),
        (["{}/a.png", "-s", "0"], 2, "upscale: The scale must be a number greater than 0, not 0; 2 and 4 are usual."),
        (["{}/a.png", "-s", "-2"], 2, "upscale: The scale must be a number greater than 0, not -2"),
        (["{}/a.png", "-s", "nan"], 2, "upscale: The scale must be a number greater than 0"),
        (["{}/a.png", "-o", "{}/a.png"], 2, "upscale: The output {}/a.png is one of the inputs"),
        (["{}/a.png", "-o", "{}/a.png/below"], 2, "upscale: {}/a.png is a file, so nothing can be written below it"),
        (["{}/a.png", "--fit", "wide"], 2, "upscale: --fit takes a size such as 1920x1080, not 'wide'."),
        (["{}/a.png", "-t", "big"], 2, "upscale: --tile takes auto, 0 (the whole picture) or a side in pixels"),
        (["{}/a.png", "--memory", "lots"], 2, "upscale: --memory takes a size such as 2G or 800M, not 'lots'."),
        (["{}/a.png", "-f", "doc"], 2, "upscale: There is no output format 'doc'; choose keep, png"),
        (["{}/a.png", "--width", "5", "--fit", "2x2"], 2, "upscale: --width and --fit contradict one another"),
        (["{}/a.png", "--preset", "mine"], 2, "upscale: There is no preset 'mine'; there are: none yet"),
        (["{}/a.png", "-m", "{}/none.pth"], 3, "upscale: "),
        ([], 2, "upscale: Nothing was named to be enlarged"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_a_wrong_command_is_one_sentence_and_nothing_is_done(
    tmp_path: Path, upscale: Command, repeat_x2: str, arguments: list[str], code: int, sentence: str
) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    words = [a.replace("{}", str(tmp_path)) for a in arguments]
    if "-m" not in words and words:
        words += ["-m", repeat_x2]
    said = upscale(*words)
    assert said.exit_code == code
    assert len(said.errors) == 1
    assert said.errors[0].startswith(sentence.replace("{}", str(tmp_path)))
    assert said.out == ""
    assert files(tmp_path) == ["a.png"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read and write everything")
def test_what_may_not_be_read_is_named(tmp_path: Path, upscale: Command, repeat_x2: str) -> None:
    save(tmp_path / "a.png").chmod(0)
    said = upscale(tmp_path / "a.png", "-m", repeat_x2)
    assert said.exit_code == 1
    assert said.errors == [f"{tmp_path / 'a.png'} cannot be read: Permission denied."]


def test_a_folder_under_the_name_of_an_output_is_named(tmp_path: Path, upscale: Command, repeat_x2: str) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "out/a.png").mkdir(parents=True)
    said = upscale(tmp_path / "a.png", "-m", repeat_x2, "-o", tmp_path / "out", "--exists", "overwrite")
    assert said.exit_code == 1
    assert "is a folder" in said.errors[-1]


def test_a_dry_run_shows_the_plan_and_writes_nothing(tmp_path: Path, upscale: Command, repeat_x2: str) -> None:
    save(tmp_path / "a.png", noise(10, 20, 4))
    said = upscale(tmp_path / "a.png", "-s", 2, "-m", repeat_x2, "-f", "jpg", "--dry-run")
    assert said.exit_code == 0
    assert said.out.splitlines() == [
        f"{tmp_path}/a.png 20x10 -> {tmp_path}/upscaled/a.jpg 40x20 (repeat x2)",
        "  Note: JPEG has no transparency: the picture is laid on white.",
    ]
    assert files(tmp_path) == ["a.png"]


def test_machines_get_json_in_ascii(tmp_path: Path, upscale: Command, repeat_x2: str) -> None:
    save(tmp_path / "caf\u00e9.png")
    said = upscale(tmp_path / "caf\u00e9.png", "-s", 2, "-m", repeat_x2, "--json")
    assert said.out.isascii()
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [e["event"] for e in events if e["event"] != "progress"] == ["planned", "started", "finished", "completed"]
    assert events[-1]["exit_code"] == 0
    assert said.err == ""


def test_the_report_is_written(tmp_path: Path, upscale: Command, repeat_x2: str) -> None:
    save(tmp_path / "a.png")
    upscale(tmp_path / "a.png", "-s", 2, "-m", repeat_x2, "--report", tmp_path / "r.json", "--quiet")
    assert json.loads((tmp_path / "r.json").read_text())["items"][0]["state"] == "finished"


def test_quiet_says_errors_only(tmp_path: Path, photos: Path, upscale: Command, repeat_x2: str) -> None:
    said = upscale(photos, "-s", 2, "-m", repeat_x2, "-o", tmp_path / "out", "--quiet")
    assert said.out == ""
    assert len(said.errors) == 2


def test_who_asks_for_more_hears_what_ran_where_and_which_stage_bounds(
    tmp_path: Path, upscale: Command, repeat_x2: str
) -> None:
    save(tmp_path / "a.png")
    said = upscale(tmp_path / "a.png", "-m", repeat_x2, "-s", 2, "-o", tmp_path / "out", "-d", "cpu", "-v")
    assert "repeat x2 on cpu in " in said.err
    assert "Pictures waited for " in said.err
    assert "waited" not in upscale(tmp_path / "a.png", "-m", repeat_x2, "-s", 2, "-o", tmp_path / "two").err


def test_options_of_other_programs_are_understood(tmp_path: Path, upscale: Command, repeat_x2: str) -> None:
    save(tmp_path / "a.png")
    assert upscale("-i", tmp_path / "a.png", "-m", repeat_x2, "--suffix", "big", "-o", tmp_path).exit_code == 0
    assert files(tmp_path) == ["a.png", "a_big.png"]


def test_a_preset_is_saved_and_what_is_given_wins(tmp_path: Path, upscale: Command, repeat_x2: str) -> None:
    save(tmp_path / "a.png")
    assert upscale("-s", 2, "-m", repeat_x2, "-f", "webp", "--lossless", "--save-preset", "mine").exit_code == 0
    upscale(tmp_path / "a.png", "--preset", "mine", "-o", tmp_path / "one")
    upscale(tmp_path / "a.png", "--preset", "mine", "-f", "png", "-o", tmp_path / "two")
    assert files(tmp_path / "one") == ["a.webp"]
    assert files(tmp_path / "two") == ["a.png"]
    assert np.array_equal(read_picture(tmp_path / "one/a.webp").pixels, read_picture(tmp_path / "two/a.png").pixels)


def test_help_and_version_are_no_errors(upscale: Command) -> None:
    assert upscale("--help").exit_code == 0
    assert upscale("-h").exit_code == 0
    assert upscale("--version").out.startswith("upscaler ")


def test_every_option_says_what_it_does(upscale: Command) -> None:
    from upscaler.commands.upscale import app

    for parameter in app.registered_commands[0].callback.__annotations__.values():  # type: ignore[union-attr]
        assert "hidden=True" in str(parameter) or "help=" in str(parameter) or parameter == "None"


# --- as a process of its own ------------------------------------------------------------------------------------


def test_a_picture_goes_through_the_pipe(tmp_path: Path, process: Process, repeat_x2: str) -> None:
    picture = save(tmp_path / "a.png", noise(10, 10))
    running = process("-", "-s", 2, "-m", repeat_x2, "-o", "-", "-p", "fp32", stdin=subprocess.PIPE)
    out, err = running.communicate(picture.read_bytes(), timeout=120)
    assert running.returncode == 0, err
    assert np.array_equal(read_picture(out).pixels, noise(10, 10).repeat(2, 0).repeat(2, 1))


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, process: Process, repeat_x2: str) -> None:
    save(tmp_path / "a.png")
    running = process(tmp_path / "a.png", "-s", 2, "-m", repeat_x2)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    with running.stderr as stderr:
        assert stderr.read() == b""
    assert running.wait(120) == 0
    assert files(tmp_path / "upscaled") == ["a.png"]


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "cp936"}], ids=str)
def test_any_name_can_be_said_in_any_alphabet(
    tmp_path: Path, process: Process, repeat_x2: str, locale: dict[str, str]
) -> None:
    save(tmp_path / "\U0001f431e\u0301.png")
    (tmp_path / "\u05e9.png").touch()
    running = process(tmp_path, "-s", 2, "-m", repeat_x2, env=os.environ | locale)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 1
    assert b"Traceback" not in err
    assert files(tmp_path / "upscaled") == ["\U0001f431e\u0301.png"]


def begun(folder: Path, running: "subprocess.Popen[bytes]") -> None:
    """Waits until the first output is there."""
    until = time.monotonic() + 120
    while not (folder.exists() and any(not name.startswith(".") for name in files(folder))):
        assert running.poll() is None, running.stderr.read() if running.stderr else ""
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are different there")
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_leaves_whole_files_only_and_the_same_command_goes_on(
    tmp_path: Path, process: Process, upscale: Command, repeat_x2: str, kill: signal.Signals
) -> None:
    for number in range(24):
        save(tmp_path / f"in/{number:02}.png", noise(300, 300, seed=number))
    command = (tmp_path / "in", "-s", 2, "-m", repeat_x2, "-o", tmp_path / "out")
    running = process(*command)
    begun(tmp_path / "out", running)
    running.send_signal(kill)
    _, err = running.communicate(timeout=60)
    done = [name for name in files(tmp_path / "out") if not name.startswith(".")]
    assert 0 < len(done) < 24
    for name in done:
        assert read_picture(tmp_path / "out" / name).pixels.shape == (600, 600, 3)
    if kill is signal.SIGINT:
        assert running.returncode == 130
        assert done == files(tmp_path / "out")
        assert b"Traceback" not in err
        assert b"the same command goes on from there" in err
    said = upscale(*command)
    assert said.exit_code == 0, said.err
    assert len(files(tmp_path / "out")) == 24
    assert 0 < said.out.count("is there already") <= len(done)


@needs_shared
def test_real_weights_enlarge_a_real_photo(tmp_path: Path, upscale: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_MIRROR", str(SHARED / "weights"))
    photo = read_picture(SHARED / "samples/kodak/kodim23.png").pixels[:96, :96]
    small = photo.reshape(24, 4, 24, 4, 3).mean((1, 3)).round().astype(np.uint8)
    save(tmp_path / "parrot.png", small)
    assert upscale(tmp_path / "parrot.png", "-s", 4, "-m", "span", "-o", tmp_path / "out").exit_code == 0
    large = read_picture(tmp_path / "out/parrot.png").pixels
    assert large.shape == (96, 96, 3)
    error = [np.mean((a.astype(float) - photo) ** 2) for a in (large, small.repeat(4, 0).repeat(4, 1))]
    assert error[0] < error[1]
