from collections.abc import Callable

import pytest

from tests.pictures import save_repeater


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's receipts, presets or cache."""
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("UPSCALER_MIRROR", raising=False)


@pytest.fixture(scope="session")
def repeater(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], str]:
    """A checkpoint whose network repeats pixels, for each scale: its path."""
    folder = tmp_path_factory.mktemp("models")

    def path(scale: int) -> str:
        file = folder / f"repeat-x{scale}.safetensors"
        if not file.exists():
            save_repeater(file, scale)
        return str(file)

    return path
