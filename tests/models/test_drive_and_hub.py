"""Google Drive and the Hugging Face hub, played by a server on loopback through the real client libraries."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
import torch

from tests.models.rows import row
from tests.models.servers import Site
from upscaler.errors import WeightsError
from upscaler.models.formats import digests
from upscaler.models.manifest import AnySource, DriveFile, DriveFolder, Entry, Hub, WeightsFile
from upscaler.models.store import Store

FILE_ID = "1gX6H7jmbE4GwC0OIyRFrbfu5wGSfUpX4"
FOLDER_ID = "15jtvcS4jL_6QqEwaRodEN8FBrqVPrO2u"
SUBFOLDER_ID = "1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
OTHER_ID = "1bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
DRIVE = "https://drive.google.com"


def checkpoint(size: int = 50_000) -> bytes:
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(size)}, buffer)
    return buffer.getvalue()


BODY = checkpoint()


def model(*sources: AnySource) -> Entry:
    file = WeightsFile(name="SeemoRe_L_X4.pth", format="torch-zip", sources=sources)
    return msgspec.structs.replace(row("seemore-l"), files=(file,))


@pytest.fixture
def drive(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Drive's addresses lead to loopback: ``https://HOST/path`` is asked as ``/HOST/path`` there."""
    send = requests.adapters.HTTPAdapter.send

    def to_loopback(self: Any, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        asked = request.url or ""
        request.url = f"{site.address}/{asked.removeprefix('https://')}"
        response = send(self, request, **{**how, "proxies": {}})
        response.url = request.url = asked
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", to_loopback)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return site


def answers(pages: dict[str, tuple[int, dict[str, str], bytes]]) -> Callable[[Any], bool]:
    def answer(handler: Any) -> bool:
        if handler.path not in pages:
            return False
        handler.send(*pages[handler.path])
        return True

    return answer


def attachment(name: str = "SeemoRe_L_X4.pth") -> dict[str, str]:
    return {"Content-Type": "application/octet-stream", "Content-Disposition": f'attachment; filename="{name}"'}


HTML = {"Content-Type": "text/html; charset=utf-8"}
FILE = f"/drive.google.com/uc?id={FILE_ID}"


def listing(title: str, *links: tuple[str, str]) -> tuple[int, dict[str, str], bytes]:
    body = "".join(f'<a href="{href}"><div>{name}</div></a>' for href, name in links)
    return 200, HTML, f"<html><head><title>{title}</title></head><body>{body}</body></html>".encode()


def folder(identifier: str) -> str:
    return f"/drive.google.com/embeddedfolderview?id={identifier}"


def link(identifier: str) -> str:
    return f"{DRIVE}/file/d/{identifier}/view?usp=drive_web"


def fetched(entry: Entry) -> bytes:
    (path,) = Store().fetch(entry)
    return path.read_bytes()


def test_a_small_file_comes_at_once(drive: Site) -> None:
    drive.answer = answers({FILE: (200, attachment(), BODY)})
    assert fetched(model(DriveFile(id=FILE_ID))) == BODY


def test_the_form_of_the_virus_page_is_sent_as_it_stands(drive: Site) -> None:
    form = (
        '<html><title>Google Drive - Virus scan warning</title><form id="download-form" method="get" '
        'action="https://drive.usercontent.google.com/download">'
        f'<input type="hidden" name="id" value="{FILE_ID}"><input type="hidden" name="confirm" value="t">'
        '<input type="hidden" name="uuid" value="0-1-2"></form></html>'
    )
    drive.answer = answers(
        {
            FILE: (200, HTML, form.encode()),
            f"/drive.usercontent.google.com/download?id={FILE_ID}&confirm=t&uuid=0-1-2": (200, attachment(), BODY),
        }
    )
    assert fetched(model(DriveFile(id=FILE_ID))) == BODY


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (
            (200, HTML, b'<html><p class="uc-error-subcaption">Too many users have viewed or downloaded</p></html>'),
            "too many downloads of late",
        ),
        ((200, HTML, b"<html>Sign in to continue</html>"), "shows a page instead of the file"),
        ((404, HTML, b"<html>Not found</html>"), "shows a page instead of the file"),
        ((403, HTML, b"<html>automated queries</html>"), "shows a page instead of the file"),
        ((200, attachment(), b"<!DOCTYPE html><html></html>"), "it is a web page"),
    ],
    ids=["quota", "sign in", "removed", "rate limit", "page as attachment"],
)
def test_a_page_instead_of_the_file_becomes_a_sentence_with_the_address_and_the_way_out(
    drive: Site, page: tuple[int, dict[str, str], bytes], reason: str
) -> None:
    drive.answer = answers({FILE: page})
    with pytest.raises(WeightsError) as error:
        fetched(model(DriveFile(id=FILE_ID)))
    sentence = str(error.value)
    assert reason in sentence
    assert f"Save it from {DRIVE}/file/d/{FILE_ID}/view" in sentence
    assert "upscaler models import" in sentence


@pytest.mark.parametrize(
    "pages",
    [
        {folder(FOLDER_ID): listing("SeemoRe", (link(OTHER_ID), "a.png"), (link(FILE_ID), "seemore_l_x4.pth"))},
        {
            folder(FOLDER_ID): listing(
                "SeemoRe", (f"{DRIVE}/drive/folders/{SUBFOLDER_ID}", "SeemoRe_L_X4"), (link(OTHER_ID), "x.pth")
            ),
            folder(SUBFOLDER_ID): listing("SeemoRe_L_X4", (link(FILE_ID), "net_g_latest.pth")),
        },
    ],
    ids=["flat", "in a folder of the model's name"],
)
def test_a_file_is_found_in_the_folder_by_its_name(drive: Site, pages: dict[str, Any]) -> None:
    drive.answer = answers({**pages, FILE: (200, attachment(), BODY)})
    match = ("SeemoRe_L_X4.pth", "SeemoRe_L_X4/net_g_latest.pth", "SeemoRe_L_X4/*.pth")
    assert fetched(model(DriveFolder(id=FOLDER_ID, match=match))) == BODY


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (listing("SeemoRe", (link(OTHER_ID), "renamed.pth")), r"holds no file named like SeemoRe_L_X4\.pth"),
        ((404, HTML, b"<html>gone</html>"), "does not show the folder's contents"),
        ((200, HTML, b"<html>consent</html>"), "does not show the folder's contents"),
    ],
    ids=["renamed", "gone", "another page"],
)
def test_a_folder_without_the_file_becomes_a_sentence_with_its_address(
    drive: Site, page: tuple[int, dict[str, str], bytes], reason: str
) -> None:
    drive.answer = answers({folder(FOLDER_ID): page})
    with pytest.raises(WeightsError, match=reason) as error:
        fetched(model(DriveFolder(id=FOLDER_ID, match=("SeemoRe_L_X4.pth",))))
    assert f"Save it from {DRIVE}/drive/folders/{FOLDER_ID} and run `upscaler models import" in str(error.value)


def test_drive_that_cannot_be_reached_is_said_so(drive: Site) -> None:
    drive.address = "http://127.0.0.1:9"
    for source in (DriveFolder(id=FOLDER_ID, match=("x",)), DriveFile(id=FILE_ID)):
        with pytest.raises(WeightsError, match=r"had: Google Drive cannot be reached\. Save it from"):
            fetched(model(source))


def test_a_cut_transfer_from_drive_goes_on(drive: Site) -> None:
    large = checkpoint(300_000)
    drive.content[FILE.split("?")[0]] = large
    first = [True]

    def answer(handler: Any) -> bool:
        if not first:
            return False
        first.clear()
        drive.cut_after = [1_000_000]
        handler.send(200, {**attachment(), "ETag": '"one"'}, large)
        return True

    drive.answer = answer
    assert fetched(model(DriveFile(id=FILE_ID))) == large
    assert drive.asked[1][1] is not None


def test_a_file_of_the_hub_comes_through_its_client(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "body").write_bytes(BODY)
    known = digests(tmp_path / "body")
    commit = "a" * 40
    monkeypatch.setenv("HF_ENDPOINT", site.address)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")

    def answer(handler: Any) -> bool:
        if handler.path == f"/who/what/resolve/{commit}/x.pth":
            handler.send(200, {"ETag": f'"{known.sha256}"', "X-Repo-Commit": commit}, BODY)
            return True
        return False

    site.answer = answer
    told: list[int] = []
    entry = model(Hub(repo_id="who/what", filename="x.pth", revision=commit))
    (path,) = Store(tell=lambda name, done, total: told.append(done)).fetch(entry)
    assert path.read_bytes() == BODY
    assert told[-1] == len(BODY)
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert all("resolve" in asked for asked, _ in site.asked)


def test_a_hub_repository_that_is_not_there_asks_for_no_password(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", site.address)
    site.answer = lambda handler: bool(handler.send(401, {"X-Error-Code": "RepoNotFound"}) or True)  # type: ignore[attr-defined]
    with pytest.raises(WeightsError, match="the hub has no public repository who/what") as error:
        fetched(model(Hub(repo_id="who/what", filename="x.pth", revision="a" * 40)))
    assert "password" not in str(error.value)
    assert "https://huggingface.co/who/what" in str(error.value)


def test_a_hub_that_cannot_be_reached_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("waited"))
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1:9 cannot be reached"):
        fetched(model(Hub(repo_id="who/what", filename="x.pth", revision="a" * 40)))
