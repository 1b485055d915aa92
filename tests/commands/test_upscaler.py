"""``upscaler``: the machine and the cache."""

import json
import sys
from collections.abc import Callable

import pytest

from tests.commands.conftest import Said
from tests.shared import SHARED, needs_shared
from upscaler.commands.entry import run_command
from upscaler.folders import cache_folder

Command = Callable[..., Said]


@pytest.fixture
def upscaler(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    def run(*arguments: object) -> Said:
        from upscaler.commands.upscaler import app

        words = [str(a) for a in arguments]
        monkeypatch.setattr(sys, "argv", ["upscaler", *words])
        capfd.readouterr()
        code = run_command("upscaler", lambda: app(words, standalone_mode=True))
        return Said(code, *capfd.readouterr())

    return run


@needs_shared
def test_the_doctor_finds_this_machine_well(upscaler: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_MIRROR", str(SHARED / "weights"))
    said = upscaler("doctor", "--json")
    assert said.exit_code == 0, said.out
    facts = {fact["about"]: fact["found"] for fact in json.loads(said.out)}
    assert {"upscaler", "packages", "cache", "processor", "memory", "devices", "models", "self test"} <= facts.keys()
    assert "dB from float32 on the CPU" in facts["self test"]


def test_the_doctor_refuses_a_device_that_is_not_there(upscaler: Command) -> None:
    said = upscaler("doctor", "-d", "cuda:77")
    assert said.exit_code == 1
    assert said.errors[-1].startswith("upscaler: There is no device cuda:77 here")


def test_the_cache_is_shown_and_cleared(upscaler: Command) -> None:
    (cache_folder() / "weights").mkdir(parents=True)
    (cache_folder() / "weights" / "x.bin").write_bytes(bytes(2_000_000))
    said = upscaler("cache", "list")
    assert said.out.splitlines()[0] == str(cache_folder())
    assert "2.0 MB" in said.out
    assert upscaler("cache", "clear", "films").errors == ["upscaler: The cache has no part 'films'; it has weights."]
    assert upscaler("cache", "clear").out == "Removed weights (2.0 MB).\n"
    assert not (cache_folder() / "weights").exists()


def test_help_and_version_are_no_errors(upscaler: Command) -> None:
    assert upscaler("--help").exit_code == 0
    assert upscaler("--version").out.startswith("upscaler ")
