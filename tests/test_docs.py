"""Tests that documents name exist under these names."""

import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
NAMED = re.compile(r"`(?P<file>[\w/]*test_\w+\.py)?(?:::)?(?P<name>test_\w+)?`")


@cache
def defined() -> dict[str, set[str]]:
    """Files from the root on, and the tests in each."""
    return {
        str(path.relative_to(ROOT)): set(re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text("utf-8"), re.M))
        for path in TESTS.rglob("test_*.py")
    }


def named_in(document: Path) -> list[tuple[str, str]]:
    """File and test, either of them empty where the document leaves it out."""
    found = NAMED.finditer(document.read_text("utf-8"))
    return [(match["file"] or "", match["name"] or "") for match in found if match["file"] or match["name"]]


@pytest.mark.parametrize("document", ["films.md", "engine_checks.md"])
def test_every_test_that_a_document_names_exists(document: str) -> None:
    named = named_in(ROOT / "docs" / document)
    assert len(named) > 15
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not any(
            f"/{path}".endswith(f"/{file}" if file else ".py") and (not name or name in tests)
            for path, tests in defined().items()
        )
    ]
    assert missing == []


def test_every_row_about_memory_and_speed_names_a_test() -> None:
    text = (ROOT / "docs/engine_checks.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:MEM|PERF)-\d+) \|.*`tests/.*\.py::test_\w+`", text, re.M)
    assert rows == [f"MEM-{n:02}" for n in range(1, 12)] + [f"PERF-{n:02}" for n in range(1, 7)]
