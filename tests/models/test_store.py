import errno
import io
import multiprocessing
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models.rows import fetch_pebble, pebble, row
from tests.models.servers import Site, serving
from upscaler.errors import Cancelled, RoomError, WeightsError
from upscaler.folders import config_folder
from upscaler.models import sources
from upscaler.models.formats import digests
from upscaler.models.manifest import Entry, OtherFile
from upscaler.models.store import Store


def checkpoint(fill: float = 1.0) -> bytes:
    buffer = io.BytesIO()
    torch.save({"a": torch.full((100_000,), fill)}, buffer)
    return buffer.getvalue()


BODY = checkpoint()


def sha256(body: bytes, tmp_path: Path) -> str:
    (tmp_path / "body").write_bytes(body)
    return digests(tmp_path / "body").sha256


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upscaler.models.sources.download.__kwdefaults__", {"pause": lambda seconds: None})


@pytest.fixture
def entry(site: Site, tmp_path: Path) -> Entry:
    site.content["/pebble.pth"] = BODY
    return pebble(f"{site.address}/pebble.pth", sha256=sha256(BODY, tmp_path), bytes=len(BODY))


def fetched(entry: Entry, **how: Any) -> bytes:
    (path,) = Store(**how).fetch(entry)
    return path.read_bytes()


def test_a_file_is_fetched_once_and_then_kept(site: Site, entry: Entry) -> None:
    assert Store().whereabouts(entry) == "download"
    assert fetched(entry) == BODY
    assert Store().whereabouts(entry) == "cache"
    assert fetched(entry) == BODY
    assert len(site.asked) == 1


def test_progress_is_told_up_to_the_whole(entry: Entry) -> None:
    told: list[tuple[str, int, int | None]] = []
    fetched(entry, tell=lambda *facts: told.append(facts))
    assert told[-1] == ("pebble.pth", len(BODY), len(BODY))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_cut_download_goes_on_where_it_stopped(site: Site, entry: Entry) -> None:
    site.cut_after = [200_000]
    assert fetched(entry) == BODY
    assert [wanted for _, wanted in site.asked] == [None, "bytes=200000-"]


def test_a_download_that_is_cut_for_good_goes_on_the_next_time(site: Site, entry: Entry) -> None:
    site.cut_after = [100_000, 50_000, 50_000, 1_000, 1_000]
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1:\d+ cut the transfer"):
        fetched(entry)
    site.asked.clear()
    assert fetched(entry) == BODY
    assert [wanted for _, wanted in site.asked] == ["bytes=202000-"]


def test_a_server_without_ranges_is_asked_for_the_whole_again(site: Site, entry: Entry) -> None:
    site.ranges = False
    site.cut_after = [200_000]
    assert fetched(entry) == BODY
    assert [wanted for _, wanted in site.asked] == [None, "bytes=200000-"]


def test_without_a_validator_nothing_is_resumed(site: Site, entry: Entry) -> None:
    site.etag = None
    site.cut_after = [200_000]
    assert fetched(entry) == BODY
    assert [wanted for _, wanted in site.asked] == [None, None]


def test_a_content_that_changed_in_between_is_not_mixed(site: Site, entry: Entry) -> None:
    site.content["/pebble.pth"] = checkpoint(2.0)
    site.cut_after = [50_000] * 5
    with pytest.raises(WeightsError, match="cut the transfer"):
        fetched(entry)
    site.content["/pebble.pth"], site.etag = BODY, '"two"'
    assert fetched(entry) == BODY


def test_a_stop_keeps_what_came(site: Site, entry: Entry) -> None:
    def stop(name: str, done: int, total: int | None) -> None:
        if done > 150_000:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        fetched(entry, tell=stop)
    assert fetched(entry) == BODY
    assert site.asked[1][1] is not None


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(site: Site, entry: Entry, status: int) -> None:
    site.busy = [(status, {"Retry-After": "1"}), (status, {})]
    assert fetched(entry) == BODY
    assert len(site.asked) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_repeated(site: Site, entry: Entry, status: int) -> None:
    site.busy = [(status, {})] * 9
    with pytest.raises(WeightsError, match=rf"pebble x4 needs pebble\.pth, which cannot be had: .* answers {status}"):
        fetched(entry)
    assert len(site.asked) == 1


def test_redirects_are_followed_but_not_without_end(site: Site, entry: Entry) -> None:
    site.redirects = {"/pebble.pth": "/elsewhere"}
    site.content["/elsewhere"] = site.content.pop("/pebble.pth")
    assert fetched(entry) == BODY
    site.redirects = {"/a.pth": "/a.pth"}
    with pytest.raises(WeightsError, match="redirects without end"):
        fetched(pebble(f"{site.address}/a.pth", sha256="0" * 64))


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with serving(Site()) as gone:
        pass
    with pytest.raises(WeightsError, match=f"{gone.address.removeprefix('http://')} cannot be reached"):
        fetched(pebble(f"{gone.address}/x", sha256="0" * 64))


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!DOCTYPE html><html>Sign in</html>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "it is a Git LFS pointer"),
        (b"", "it is empty"),
    ],
    ids=["web page", "LFS pointer", "nothing"],
)
def test_what_is_no_checkpoint_is_never_stored(site: Site, entry: Entry, body: bytes, what: str) -> None:
    site.content["/pebble.pth"] = body
    with pytest.raises(WeightsError, match=rf"not a PyTorch checkpoint: {what}"):
        fetched(entry)
    assert Store().whereabouts(entry) == "download"


def test_an_exchanged_file_is_refused_with_both_hashes_and_set_aside(site: Site, entry: Entry, tmp_path: Path) -> None:
    site.content["/pebble.pth"] = other = checkpoint(2.0)
    with pytest.raises(WeightsError) as error:
        fetched(entry)
    assert sha256(other, tmp_path) in str(error.value)
    assert entry.files[0].sha256 in str(error.value)
    assert "pebble.pth.bad" in str(error.value)
    (bad,) = (tmp_path / "home").rglob("*.bad")
    assert bad.read_bytes() == other


def test_the_next_source_is_tried_when_one_gives_the_wrong_file(site: Site, entry: Entry, tmp_path: Path) -> None:
    site.content["/wrong.pth"] = checkpoint(2.0)
    two = pebble(
        f"{site.address}/wrong.pth", f"{site.address}/pebble.pth", sha256=entry.files[0].sha256, bytes=len(BODY)
    )
    assert fetched(two) == BODY


def test_a_file_larger_than_it_should_be_is_not_swallowed(site: Site, entry: Entry) -> None:
    site.content["/pebble.pth"] = BODY + bytes(10)
    with pytest.raises(WeightsError, match="what came is larger"):
        fetched(entry)


def test_a_kept_file_that_was_damaged_is_set_aside_and_fetched_again(
    site: Site, entry: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    (kept,) = Store().fetch(entry)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    ((_, complaint),) = Store().verify(entry)
    assert complaint is not None
    assert entry.files[0].sha256 in complaint
    assert fetched(entry) == BODY
    assert kept.with_name("pebble.pth.bad").is_file()
    assert entry.files[0].sha256 in caplog.text
    assert Store().verify(entry) == ((kept, None),)


def test_a_file_is_known_by_gits_hash_alone(site: Site, entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(BODY)
    blob = digests(tmp_path / "body").git_blob_sha1
    assert fetched(pebble(f"{site.address}/pebble.pth", git_blob_sha1=blob)) == BODY
    site.content["/pebble.pth"] = checkpoint(2.0)
    with pytest.raises(WeightsError, match=f"git's SHA-1 {blob}|expected {'0' * 40}"):
        fetched(pebble(f"{site.address}/pebble.pth", git_blob_sha1="0" * 40))


def test_another_published_copy_of_the_same_network_is_taken(site: Site, tmp_path: Path) -> None:
    site.content["/pebble.pth"] = BODY
    known = (OtherFile(sha256=sha256(BODY, tmp_path), what="the slim copy"),)
    assert fetched(pebble(f"{site.address}/pebble.pth", sha256="0" * 64, also_sha256=known)) == BODY


def test_an_unhashed_file_is_tried_then_remembered_and_a_later_one_compared(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site.content["/pebble.pth"] = BODY
    unknown = pebble(f"{site.address}/pebble.pth")
    tried: list[str] = []
    (kept,) = Store(trial=lambda entry, files: tried.append(entry.name)).fetch(unknown)
    assert tried == ["pebble"]
    assert sha256(BODY, tmp_path) in (config_folder() / "pins.json").read_text()
    kept.unlink()
    site.content["/pebble.pth"] = other = checkpoint(2.0)
    with pytest.raises(WeightsError) as error:
        fetched(unknown)
    assert "not the file that was first used" in str(error.value)
    assert {sha256(BODY, tmp_path), sha256(other, tmp_path)} <= set(str(error.value).replace(",", " ").split())


def test_an_unhashed_file_that_does_not_load_is_not_remembered(site: Site) -> None:
    site.content["/pebble.pth"] = BODY

    def no(entry: Entry, files: tuple[Path, ...]) -> None:
        raise WeightsError("pebble.pth is a network for x2, not x4.")

    with pytest.raises(WeightsError, match="network for x2, not x4"):
        fetched(pebble(f"{site.address}/pebble.pth"), trial=no)
    assert not (config_folder() / "pins.json").exists()


def test_a_damaged_pin_file_is_named(site: Site) -> None:
    config_folder().mkdir(parents=True)
    (config_folder() / "pins.json").write_text("{")
    site.content["/pebble.pth"] = BODY
    with pytest.raises(WeightsError, match=r"pins\.json is damaged"):
        fetched(pebble(f"{site.address}/pebble.pth"))


def test_a_mirror_folder_comes_before_the_sources_and_is_checked_alike(
    site: Site, entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored = tmp_path / "mirror" / "stones" / "pebble.pth"
    mirrored.parent.mkdir(parents=True)
    mirrored.write_bytes(checkpoint(2.0))
    monkeypatch.setenv("UPSCALER_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(WeightsError, match="not the file that the manifest names"):
        fetched(entry, offline=True)
    assert mirrored.is_file()
    mirrored.write_bytes(BODY)
    assert fetched(entry) == BODY
    assert not site.asked


def test_a_full_disk_is_said_and_leaves_nothing(
    entry: Entry, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        Path(target).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    mirrored = tmp_path / "mirror" / "stones" / "pebble.pth"
    mirrored.parent.mkdir(parents=True)
    mirrored.write_bytes(BODY)
    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(RoomError, match=r"No room on the disk of .*; make room, or move it with UPSCALER_HOME"):
        fetched(entry, mirror=tmp_path / "mirror")
    assert [p.name for p in (tmp_path / "home").rglob("*pebble*") if p.suffix != ".lock"] == []


def test_a_folder_that_cannot_be_written_is_named(entry: Entry, site: Site, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the way")
    with pytest.raises(WeightsError, match="cannot be written to"):
        fetched(entry)


def test_a_mirror_address_comes_before_the_sources(entry: Entry, site: Site) -> None:
    with serving(Site({"/all/stones/pebble.pth": BODY})) as mirror:
        assert fetched(entry, mirror=f"{mirror.address}/all/") == BODY
        assert len(mirror.asked) == 1
    assert not site.asked


def test_offline_asks_nobody_and_says_so(site: Site, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_OFFLINE", "1")
    assert Store().whereabouts(entry) == "none"
    with pytest.raises(WeightsError, match=r"downloads are switched off \(offline\)"):
        fetched(entry)
    assert not site.asked


def test_a_proxy_is_used_where_the_environment_names_one(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Site({"http://weights.test/pebble.pth": BODY})) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        monkeypatch.setenv("http_proxy", proxy.address)
        through = pebble("http://weights.test/pebble.pth", sha256=entry.files[0].sha256)
        assert fetched(through) == BODY


def test_a_model_without_weights_says_so() -> None:
    none = row("pebble", availability="none", notes=["train it with tools/train.py"])
    with pytest.raises(WeightsError, match=r"pebble x4 has no public weights \(train it with tools/train\.py\)"):
        Store().fetch(none)
    assert Store().whereabouts(none) == "none"


def test_two_processes_fetch_a_file_once(site: Site, entry: Entry, tmp_path: Path) -> None:
    slow = threading.Event()

    def late(handler: BaseHTTPRequestHandler) -> bool:
        slow.wait(0.5)
        return False

    site.answer = late
    spawn = multiprocessing.get_context("spawn")
    arguments = (f"{site.address}/pebble.pth", entry.files[0].sha256, str(tmp_path / "home"))
    workers = [spawn.Process(target=fetch_pebble, args=arguments) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(site.asked) == 1
    assert fetched(entry) == BODY


def test_waits_grow_and_follow_what_the_server_asks(site: Site, entry: Entry, tmp_path: Path) -> None:
    waits: list[float] = []
    site.busy = [(503, {}), (503, {}), (429, {"Retry-After": "7"}), (429, {"Retry-After": "9999"})]
    sources.download(
        f"{site.address}/pebble.pth", tmp_path / "p.part", entry.files[0], lambda *_: None, pause=waits.append
    )
    assert waits == [0.5, 1.0, 7.0, sources.LONGEST_WAIT]
