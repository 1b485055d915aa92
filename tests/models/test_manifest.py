import json
from pathlib import Path
from typing import Any

import pytest

from tests.models.rows import row
from upscaler.errors import ModelError
from upscaler.models.catalogue import manifest_path, official_catalogue
from upscaler.models.manifest import read_manifest, write_manifest


def written(path: Path, **change: Any) -> Path:
    fields = {
        "name": "pebble",
        "scale": 4,
        "architecture": "span",
        "family": "span",
        "title": "Pebble",
        "availability": "public",
        "licence": {"id": "MIT", "source": "a test"},
        **change,
    }
    path.write_text(json.dumps({"schema": 1, "models": [fields]}))
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = (row("pebble", 2, notes=["round"]), row("pebble", 4))
    write_manifest(rows, tmp_path / "m.json")
    assert read_manifest(tmp_path / "m.json") == rows


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"licens": {}}, "unknown field `licens`"),
        ({"tags": ["foto"]}, "Invalid enum value 'foto'"),
        ({"files": [{"name": "a.pth", "format": "torch-zip", "sha256": "A" * 64}]}, "files"),
        ({"files": [{"name": "../a.pth", "format": "torch-zip"}]}, "files"),
        ({"files": [{"name": "a.pth", "format": "torch-zip", "mirror": "../../a.pth"}]}, "mirror"),
        ({"files": [{"name": "a.pth", "format": "torch-zip", "sources": [{"kind": "url", "url": "http://x"}]}]}, "url"),
        ({"scale": 0}, "scale"),
    ],
    ids=["unknown key", "unknown tag", "hash", "file name", "mirror path", "plain http", "scale"],
)
def test_a_slip_is_named_with_its_row_and_field(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ModelError, match=r"m\.json: the entry 'pebble' x\d is wrong") as error:
        read_manifest(written(tmp_path / "m.json", **change))
    assert complaint in str(error.value)


def test_a_file_that_is_no_manifest_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("nonsense")
    with pytest.raises(ModelError, match=r"m\.json is not a list of models"):
        read_manifest(tmp_path / "m.json")


def test_every_official_row_is_one_choice() -> None:
    keys = [entry.key for entry in official_catalogue().entries]
    assert len(keys) == len(set(keys)) > 0


def test_official_rows_are_sorted_and_written_as_the_tool_writes_them(tmp_path: Path) -> None:
    write_manifest(official_catalogue().entries, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == manifest_path().read_text()


def test_a_hash_belongs_to_files_of_one_content() -> None:
    known: dict[str, tuple[str | None, int | None]] = {}
    for entry in official_catalogue().entries:
        for file in entry.files:
            if file.sha256:
                assert known.setdefault(file.sha256, (file.git_blob_sha1, file.bytes)) == (
                    file.git_blob_sha1,
                    file.bytes,
                )
