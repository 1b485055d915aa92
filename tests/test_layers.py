"""Imports point down, start-up is light, and the public face is what the documents say."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

import upscaler

HEAVY = ("torch", "numpy", "cv2", "PIL", "av", "PySide6", "huggingface_hub", "rich", "pydantic", "msgspec", "httpx2",
         "imagecodecs", "tifffile", "pyvips", "tqdm", "openvino", "psutil", "platformdirs")  # fmt: skip


def loaded_after(code: str) -> list[str]:
    probe = (
        f"import sys, json\ntry:\n    {code}\nexcept SystemExit: pass\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", probe], capture_output=True, text=True, check=True)
    loaded: list[str] = json.loads(run.stdout.splitlines()[-1])
    return [name for name in HEAVY if name in loaded]


@pytest.mark.parametrize(
    "code",
    [
        "from upscaler.commands.upscale import app; app(['--help'])",
        "from upscaler.commands.upscaler import app; app(['--help'])",
        "import upscaler",
        "import upscaler.jobs",
    ],
)
def test_nothing_heavy_is_imported_before_there_is_work(code: str) -> None:
    assert loaded_after(code) == []


def test_a_wrong_command_is_refused_without_the_engine() -> None:
    assert "torch" not in loaded_after("from upscaler.commands.upscale import app; app(['--no-such-option'])")
    assert "torch" not in loaded_after("from upscaler.commands.upscale import app; app(['--version'])")


def test_planning_pictures_with_a_model_of_the_catalogue_needs_no_torch() -> None:
    parts = ("jobs.pictures", "jobs.plan", "jobs.session", "jobs.running", "models.catalogue")
    assert "torch" not in loaded_after(f"import {', '.join(f'upscaler.{part}' for part in parts)}")


@pytest.mark.skipif(find_spec("importlinter") is None, reason="import-linter is not installed")
def test_imports_point_down() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_the_package_exposes_exactly_the_documented_names() -> None:
    documented = {"Upscaler", "UpscalerError", "__version__", "load_model"}
    assert set(upscaler.__all__) == documented
    assert set(dir(upscaler)) == documented
    for name in documented:
        assert getattr(upscaler, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = upscaler.nonsense
