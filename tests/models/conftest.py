from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.servers import Site, serving


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's cache, pins or mirror, nor the world outside."""
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("UPSCALER_MIRROR", raising=False)
    monkeypatch.delenv("UPSCALER_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as running:
        yield running
