import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.shared import SHARED, needs_shared
from upscaler.commands.models import app
from upscaler.errors import ModelError, UsageError
from upscaler.models.catalogue import official_catalogue

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UPSCALER_OFFLINE", "1")
    monkeypatch.delenv("UPSCALER_MIRROR", raising=False)

    def command(*arguments: str) -> Result:
        result = CliRunner().invoke(app, [*arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return command


def test_the_list_has_a_line_for_every_model(run: Run) -> None:
    lines = run("list").output.splitlines()
    assert len(lines) == 1 + len(official_catalogue().entries)


def test_the_list_is_filtered_by_scale_tag_family_and_licence(run: Run) -> None:
    rows = json.loads(run("list", "-s", "2", "--tag", "anime", "--commercial", "--json").output)
    assert rows
    assert all(row["scale"] == 2 and "anime" in row["tags"] and row["licence"]["commercial"] for row in rows)
    rows = json.loads(run("list", "--family", "esc", "--json").output)
    assert {"esc", "esc-light", "esc-fp", "esc-real", "esc-lte"} <= {row["name"] for row in rows}
    assert "clearreality" not in run("list", "--commercial").output


def test_a_filter_that_leaves_nothing_says_so(run: Run) -> None:
    assert run("list", "--family", "nobody").output.startswith("No model is like that")


@pytest.mark.parametrize("by", ["macs", "params"])
def test_the_list_is_sorted_by_cost(run: Run, by: str) -> None:
    rows = json.loads(run("list", "--sort", by, "--json").output)
    costs = [row["cost"]["macs_256" if by == "macs" else "params"] for row in rows if "cost" in row]
    assert costs == sorted(costs)


def test_the_list_is_sorted_by_quality(run: Run) -> None:
    names = [line.split()[0] for line in run("list", "-s", "4", "--sort", "quality").output.splitlines()[1:]]
    assert names.index("rlfn") < names.index("span") < names.index("dirn")


def test_what_no_other_beats_is_marked(run: Run) -> None:
    lines = run("list", "-s", "4", "--pareto", "quality,macs").output.splitlines()[1:]
    marked = [line for line in lines if line.startswith("* ")]
    assert 0 < len(marked) < len(lines)
    quality = [float(line.split()[3]) for line in marked]
    assert quality == sorted(quality)


@pytest.mark.parametrize("arguments", [("--sort", "beauty"), ("--pareto", "beauty,truth")])
def test_an_unknown_order_is_refused(run: Run, arguments: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match=arguments[1]):
        run("list", *arguments)


def test_a_card_tells_who_what_how_good_how_large_and_where_from(run: Run) -> None:
    text = run("info", "seemore-t", "-s", "4").output
    for fact in (
        "SeemoRe-T",
        "Eduard Zamfir",
        "231,804",
        "32.31",
        "Apache-2.0",
        "1.1 MB",
        "55647d28",
        "huggingface.co",
    ):
        assert fact in text


def test_a_card_of_a_scale_that_is_missing_says_which_one_serves(run: Run) -> None:
    assert run("info", "span", "-s", "3").output.startswith("span has x4 only; x3 is made by running x4 and reducing.")


def test_all_scales_have_their_cards(run: Run) -> None:
    assert [card["scale"] for card in json.loads(run("info", "esc", "--json").output)] == [2, 3, 4]


def test_what_forbids_commercial_use_is_said_loudly(run: Run) -> None:
    assert "NOT for commercial use" in run("info", "clearreality").output


def test_a_model_without_weights_says_why(run: Run) -> None:
    assert "no public weights exist" in run("info", "gmin", "-s", "4").output


def test_an_unknown_model_gets_the_closest_names(run: Run) -> None:
    with pytest.raises(ModelError, match=r"no model 'rfln'; did you mean rlfn"):
        run("info", "rfln")


def test_a_download_that_fails_is_told_and_the_exit_code_is_3(run: Run) -> None:
    result = run("download", "seemore-l", "-s", "4")
    assert result.exit_code == 3
    assert "downloads are switched off" in result.output


def test_a_download_needs_a_name(run: Run) -> None:
    with pytest.raises(UsageError, match="No model was named"):
        run("download")


@needs_shared
def test_weights_are_fetched_checked_and_found_damaged(run: Run, tmp_path: Path) -> None:
    mirror = str(SHARED / "weights")
    assert run("download", "span", "--mirror", mirror).output == "span x4: came from the mirror\n"
    assert run("download", "span").output == "span x4: was here\n"
    assert run("verify").output.endswith(" files are here, 0 of them wrong.\n")
    (kept,) = (tmp_path / "home" / "cache" / "weights").rglob("*.pth")
    kept.write_bytes(kept.read_bytes() + b"x")
    result = run("verify", "span")
    assert result.exit_code == 3
    assert official_catalogue().find("span").files[0].sha256 in result.output


@needs_shared
def test_files_have_cards_too(run: Run, tmp_path: Path) -> None:
    path = SHARED / "weights" / "ntire2024" / "team04_rcn.pth"
    assert run("info", str(path)).output.startswith("team04_rcn.pth is an official file.\n\nrcn x4: ")
    (index,) = (SHARED / "goldens" / "seeded" / "seemore-t-x2-sharded").glob("*.index.json")
    assert "a seemore network for x2" in run("info", str(index)).output


@needs_shared
def test_an_imported_file_is_listed(run: Run) -> None:
    (index,) = (SHARED / "goldens" / "seeded" / "seemore-t-x2-sharded").glob("*.index.json")
    assert "finds it now" in run("import", str(index), "--name", "experts").output
    (row,) = (row for row in json.loads(run("list", "--json").output) if row["name"] == "experts")
    assert (row["scale"], row["where"]) == (2, "here")


@pytest.mark.parametrize("arguments", [["list"], ["info", "span"], ["--help"]])
def test_looking_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    probe = (
        "import sys\nfrom upscaler.commands.models import app\n"
        f"try: app({arguments})\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'numpy', 'cv2', 'PIL', 'av', 'httpx2', 'gdown', 'huggingface_hub'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
