import json
import os
import pickle
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from tests.shared import SHARED, needs_shared
from upscaler.errors import WeightsError
from upscaler.models.checkpoint import read_checkpoint

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def same(state: dict[str, torch.Tensor]) -> bool:
    return state.keys() == STATE.keys() and all(torch.equal(state[key], STATE[key]) for key in STATE)


def saved(path: Path, content: Any, **how: Any) -> Path:
    torch.save(content, path, **how)
    return path


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"params": STATE},
        {"params_ema": STATE, "params": {"a.weight": torch.zeros(1)}},
        {"state_dict": {f"module.{key}": value for key, value in STATE.items()}, "epoch": 3},
        {"somebody's name": STATE, "iteration": 7},
    ],
    ids=["flat", "params", "averaged first", "wrapped", "unknown level"],
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old pickle"])
def test_a_pytorch_file_is_read_at_whatever_level_it_holds_the_weights(
    tmp_path: Path, content: dict[str, Any], zipped: bool
) -> None:
    path = saved(tmp_path / "x.pth", content, _use_new_zipfile_serialization=zipped)
    assert same(read_checkpoint(path).state)


def test_the_named_level_is_taken(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", {"params_ema": {"b": torch.zeros(1)}, "params": STATE})
    assert same(read_checkpoint(path, outer="params").state)


def test_safetensors_are_read_with_what_they_say_of_themselves(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "x.safetensors", {"architecture": "span"})
    checkpoint = read_checkpoint(tmp_path / "x.safetensors")
    assert same(checkpoint.state)
    assert checkpoint.metadata["architecture"] == "span"


def shard(folder: Path, weight_map: dict[str, str]) -> Path:
    for name in set(weight_map.values()):
        if "/" not in name:
            save_file({key: STATE[key] for key, where in weight_map.items() if where == name}, folder / name)
    index = folder / "x.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))
    return index


def test_shards_are_put_together(tmp_path: Path) -> None:
    index = shard(tmp_path, {"a.weight": "x-1.safetensors", "a.bias": "x-2.safetensors"})
    assert same(read_checkpoint(index).state)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    index = shard(tmp_path, {"a.weight": "x-1.safetensors", "a.bias": "x-2.safetensors"})
    (tmp_path / "x-2.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"needs x-2\.safetensors"):
        read_checkpoint(index)


def test_an_index_opens_nothing_outside_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    save_file(STATE, tmp_path / "out.safetensors")
    with pytest.raises(WeightsError, match="outside its own folder"):
        read_checkpoint(shard(folder, {"a.weight": "../out.safetensors"}))


@needs_shared
def test_the_sharded_sample_equals_the_plain_one() -> None:
    folder = SHARED / "goldens" / "seeded"
    (index,) = (folder / "seemore-t-x2-sharded").glob("*.index.json")
    assert len(read_checkpoint(index).state) > 100


class RunsCode:
    """Its pickle writes a file when it is opened as code."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old pickle"])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path, zipped: bool) -> None:
    content = {"a": torch.zeros(1), "b": RunsCode(tmp_path / "ran")}
    path = saved(tmp_path / "evil.pth", content, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"evil\.pth holds more than weights and could run code"):
        read_checkpoint(path)
    assert not (tmp_path / "ran").exists()


def test_a_bare_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(RunsCode(tmp_path / "ran"), protocol=2))
    with pytest.raises(WeightsError, match=r"evil\.pkl"):
        read_checkpoint(tmp_path / "evil.pkl")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "it is a Git LFS pointer"),
        (b"\n<!DOCTYPE html><html>Too many users</html>", "it is a web page"),
        (b"From: somebody\nTo: you\n", r'it begins with text \("From: somebody"\)'),
        (b"\x89PNG\r\n\x1a\n", "it is a picture"),
        (b"\x1f\x8b\x08\0", "it is an archive"),
        (b"\x01\x02\x03\x04", "it begins with 01 02 03 04"),
    ],
    ids=["empty", "LFS", "web page", "text", "picture", "archive", "bytes"],
)
def test_what_is_no_weights_file_is_said_by_what_it_is(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=f"x.pth is not a weights file: {sentence}"):
        read_checkpoint(tmp_path / "x.pth")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weights file .*nowhere\.pth"):
        read_checkpoint(tmp_path / "nowhere.pth")


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upscaler.models.checkpoint.LARGEST", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", bytes(2 << 20))
    with pytest.raises(WeightsError, match="unpacks to more than"):
        read_checkpoint(tmp_path / "bomb.pth")


def test_a_tensor_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", {"a": torch.zeros(1).expand(1 << 40)})
    with pytest.raises(WeightsError, match="claims to hold more than"):
        read_checkpoint(path)


def test_weights_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", {"a": torch.tensor([1.0, float("nan")])})
    with pytest.raises(WeightsError, match="a holds values that are not numbers"):
        read_checkpoint(path)


def test_a_file_without_tensors_says_so(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", {"epoch": 3})
    with pytest.raises(WeightsError, match="holds no network weights"):
        read_checkpoint(path)


@pytest.mark.parametrize("kind", ["zip", "old", "safetensors"])
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_mutated_file_is_read_or_refused_in_a_sentence(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    path = tmp_path / "x.pth"
    if kind == "safetensors":
        save_file(STATE, path)
    else:
        saved(path, STATE, _use_new_zipfile_serialization=kind == "zip")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refused = ""
        try:
            read_checkpoint(path)
        except WeightsError as error:
            refused = str(error)
    assert "x.pth" in refused or not refused


def test_a_safetensors_header_of_absurd_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", 90 << 20) + b"{}")
    with pytest.raises(WeightsError, match="damaged or cut off"):
        read_checkpoint(tmp_path / "x.safetensors")
