import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pictures import save_repeater
from upscaler.commands.entry import run_command


@dataclass(frozen=True)
class Said:
    """What a command left: exit code and both streams."""

    exit_code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


Command = Callable[..., Said]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's receipts, presets, cache or mirror."""
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("UPSCALER_MIRROR", raising=False)


@pytest.fixture(scope="session")
def repeat_x2(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A checkpoint whose network repeats every pixel twice each way."""
    return str(save_repeater(tmp_path_factory.mktemp("models") / "repeat.safetensors", 2))


@pytest.fixture
def upscale(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the real command in this process."""

    def run(*arguments: object) -> Said:
        from upscaler.commands.upscale import app

        words = [str(a) for a in arguments]
        monkeypatch.setattr(sys, "argv", ["upscale", *words])
        capfd.readouterr()
        code = run_command("upscale", lambda: app(words, standalone_mode=True))
        out, err = capfd.readouterr()
        return Said(code, out, err)

    return run


@pytest.fixture
def process() -> Callable[..., subprocess.Popen[bytes]]:
    """Starts the real command as its own process."""

    def start(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "upscaler", *map(str, arguments)],
            **({"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options),  # type: ignore[call-overload]
            cwd=Path(__file__).parents[2],
        )

    return start
