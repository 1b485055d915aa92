import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import upscaler
from tests.shared import SHARED, needs_shared
from upscaler.errors import ModelError, UsageError, WeightsError
from upscaler.folders import cache_folder
from upscaler.models import convert
from upscaler.models.catalogue import Catalogue, catalogue, official_catalogue
from upscaler.models.checkpoint import read_checkpoint
from upscaler.models.imported import imported_entries
from upscaler.models.importing import import_file
from upscaler.models.loading import load_file, load_model, try_out

pytestmark = needs_shared

SPAN = SHARED / "weights" / "ntire2024" / "team38_span_ch28_slim.pth"
SHARDED = SHARED / "goldens" / "seeded" / "seemore-t-x2-sharded"


@pytest.fixture(autouse=True)
def _mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_MIRROR", str(SHARED / "weights"))


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_a_name_gives_a_model_with_its_card() -> None:
    model = load_model("SPAN")
    assert (model.name, model.architecture, model.scale) == ("span", "span", 4)
    assert model.card is not None
    assert model.sha256 == model.card.files[0].sha256
    assert not model.network.training
    assert not any(p.requires_grad for p in model.network.parameters())


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_model_of_two_files_is_fetched_and_loaded(scale: int) -> None:
    model = load_model("realesr-animevideov3", scale)
    assert (model.architecture, model.scale) == ("srvgg", scale)
    assert load_model("realesr-animevideov3", scale, offline=True, mirror="").sha256 == model.sha256


def test_a_path_whose_hash_is_known_is_that_model() -> None:
    model = load_model(SPAN)
    assert model.name == "span"
    assert same(model.network, load_model("span").network)


def test_an_unknown_file_is_recognised_by_its_tensors(tmp_path: Path) -> None:
    state = read_checkpoint(SPAN).state
    state["conv_cat.bias"] += 1
    torch.save({"params": state}, tmp_path / "mine.pth")
    model = load_model(str(tmp_path / "mine.pth"))
    assert (model.name, model.architecture, model.card) == ("mine", "span", None)


def test_tensors_of_no_network_are_named(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.zeros(2, 2)}, tmp_path / "what.pth")
    with pytest.raises(ModelError, match=r"what\.pth is no network that this version knows \(its tensors: a\.weight"):
        load_model(tmp_path / "what.pth")


def test_a_tensor_of_the_wrong_size_is_named(tmp_path: Path) -> None:
    state = read_checkpoint(SPAN).state
    state["conv_cat.bias"] = torch.zeros(3)
    torch.save(state, tmp_path / "odd.pth")
    with pytest.raises(WeightsError, match=r"odd\.pth does not fit the architecture span: .*conv_cat\.bias"):
        load_model(tmp_path / "odd.pth")


def test_the_merged_form_is_made_once_and_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_model("span").network
    (stored,) = (cache_folder() / "converted").glob("*.safetensors")
    with safe_open(stored, framework="pt") as file:
        assert file.metadata()["architecture"] == "span"
    monkeypatch.setattr("upscaler.models.loading.read_checkpoint", lambda *a: pytest.fail("read again"))
    assert same(load_model("span").network, first)


def test_a_new_version_of_the_program_makes_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    load_model("span")
    monkeypatch.setattr(convert, "VERSION", "another")
    load_model("span")
    assert len(list((cache_folder() / "converted").glob("*.safetensors"))) == 2


@pytest.mark.parametrize("damage", ["cut", "changed", "exchanged"])
def test_a_damaged_merged_form_is_made_again(damage: str, caplog: pytest.LogCaptureFixture) -> None:
    first = load_model("span").network
    (stored,) = (cache_folder() / "converted").glob("*.safetensors")
    content = bytearray(stored.read_bytes())
    if damage == "exchanged":
        load_model("span-tiny")
        (other,) = set((cache_folder() / "converted").glob("*.safetensors")) - {stored}
        shutil.copyfile(other, stored)
    else:
        content[-5] ^= 1
        stored.write_bytes(content[:-100] if damage == "cut" else content)
    assert same(load_model("span").network, first)
    assert "made again" in caplog.text


def test_a_cache_that_cannot_be_written_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    (cache_folder()).mkdir(parents=True)
    (cache_folder() / "converted").write_text("in the way")
    assert load_model(SPAN).name == "span"


def test_our_own_files_say_what_they_are(tmp_path: Path) -> None:
    network = load_model("span").network
    save_file(network.state_dict(), tmp_path / "own.safetensors", {"architecture": "span"})
    model = load_model(tmp_path / "own.safetensors")
    assert model.architecture == "span"
    assert same(model.network, network)


def test_a_sharded_file_is_loaded_by_its_index() -> None:
    (index,) = SHARDED.glob("*.index.json")
    model = load_model(index)
    assert (model.architecture, model.scale) == ("seemore", 2)


def test_a_trial_refuses_another_scale_size_and_architecture() -> None:
    rows = {entry.key: entry for entry in official_catalogue().entries}
    try_out(rows["span-x4"], (SPAN,))
    with pytest.raises(WeightsError, match=r"has 150,688 parameters, but span-tiny has 130,828"):
        try_out(rows["span-tiny-x4"], (SPAN,))
    with pytest.raises(WeightsError, match="not a network of the architecture seemore"):
        try_out(rows["seemore-l-x4"], (SPAN,))
    with pytest.raises(WeightsError, match="network for x4, not x2"):
        try_out(rows["span-ch48-x2"], (SPAN,))


def test_importing_a_known_file_makes_its_official_name_work(monkeypatch: pytest.MonkeyPatch) -> None:
    said = import_file(SPAN, official_catalogue())
    assert said.sentence == f"{SPAN.name} is span x4; `-m span` finds it now."
    monkeypatch.delenv("UPSCALER_MIRROR")
    assert load_model("span", offline=True).name == "span"


def test_importing_what_could_not_be_fetched_takes_it_for_that_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {}
    for shard in sorted(SHARDED.glob("*.safetensors")):
        with safe_open(shard, framework="pt") as file:
            state |= {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    torch.save({"params": state}, tmp_path / "net_g_latest.pth")
    monkeypatch.delenv("UPSCALER_MIRROR")
    entry = import_file(tmp_path / "net_g_latest.pth", official_catalogue(), name="seemore-t").entry
    assert entry.key == "seemore-t-x2"
    assert load_model("seemore-t", 2, offline=True).scale == 2
    with pytest.raises(WeightsError, match=r"not a file of seemore-l at any scale \(x2, x3, x4\): .* parameters"):
        import_file(tmp_path / "net_g_latest.pth", official_catalogue(), name="seemore-l")


def test_importing_anything_else_makes_a_model_of_the_users(tmp_path: Path) -> None:
    state = read_checkpoint(SPAN).state
    state["conv_cat.bias"] += 1
    torch.save(state, tmp_path / "My SPAN v2.pth")
    entry = import_file(tmp_path / "My SPAN v2.pth", official_catalogue()).entry
    assert (entry.name, entry.scale, entry.availability, entry.licence.commercial) == (
        "my-span-v2",
        4,
        "imported",
        None,
    )
    assert entry in catalogue().entries
    (tmp_path / "My SPAN v2.pth").unlink()
    assert load_model("my-span").card == entry


def test_a_sharded_file_is_imported_as_one(tmp_path: Path) -> None:
    (index,) = SHARDED.glob("*.index.json")
    entry = import_file(index, Catalogue(()), name="experts").entry
    assert len(entry.files) == 1
    assert same(load_model("experts", 2).network, load_file(index, Catalogue(())).network)


def test_an_ncnn_pair_is_imported_as_a_pair() -> None:
    pair = SHARED / "weights" / "monarc99+SPAN-ncnn-vulkan" / "spanx4_ch48.bin"
    entry = import_file(pair, Catalogue(()), name="forty-eight").entry
    assert [file.name for file in entry.files] == ["forty-eight.param", "forty-eight.bin"]
    assert load_model("forty-eight").scale == 4


def test_names_that_are_taken_are_refused(tmp_path: Path) -> None:
    state = read_checkpoint(SPAN).state
    state["conv_cat.bias"] += 1
    torch.save(state, tmp_path / "x.pth")
    with pytest.raises(UsageError, match="span is the name of an official model"):
        import_file(tmp_path / "x.pth", official_catalogue(), name="SPAN")
    import_file(tmp_path / "x.pth", official_catalogue())
    with pytest.raises(ModelError, match="already is an imported model x x4"):
        import_file(tmp_path / "x.pth", official_catalogue())
    assert len(imported_entries()) == 1


def test_the_package_exposes_the_documented_names_and_imports_nothing_heavy() -> None:
    assert sorted(upscaler.__all__) == ["Upscaler", "UpscalerError", "__version__", "load_model"]
    assert dir(upscaler) == sorted(upscaler.__all__)
    assert all(getattr(upscaler, name) is not None for name in upscaler.__all__)
    probe = "import sys, upscaler; print(sorted({'torch','numpy','PIL','cv2','av','typer'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        upscaler.nothing  # noqa: B018
