"""What engine and jobs say, told in German.  Every sentence comes from the code that says it to users."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageCms
from PySide6.QtCore import QLocale, Qt, QTranslator
from PySide6.QtWidgets import QApplication
from torch import Tensor
from upscaler_gui import app, engine_process
from upscaler_gui.main_window import MainWindow
from upscaler_gui.queue_state import State
from upscaler_gui.sentences import IN_WORDS, SENTENCES, WORDS, parsed, told

from tests.engine.small import small
from tests.models.rows import pebble
from tests.models.servers import Site, serving
from tests.pictures import noise, save
from upscaler.choice.automatic import SAYS, automatic, choose
from upscaler.engine import Upscaler
from upscaler.engine.devices import pick
from upscaler.engine.events import Event, Fallback
from upscaler.errors import UpscalerError
from upscaler.jobs import pictures, run
from upscaler.jobs.control import Control
from upscaler.jobs.inputs import Selection, find_inputs
from upscaler.jobs.plan import Plan, Request, make_plan
from upscaler.jobs.settings import Settings
from upscaler.media import files
from upscaler.media.films.film import open_film
from upscaler.media.picture import Metadata
from upscaler.media.still import read_header, read_picture
from upscaler.media.writing import FileSink
from upscaler.models import store
from upscaler.models.catalogue import catalogue
from upscaler.models.sources import Unavailable
from upscaler.models.store import Store

Patch = pytest.MonkeyPatch
Said = Iterator[str]


def refusal(function: Callable[..., object], *arguments: object) -> str:
    """The sentence with which something is refused."""
    with pytest.raises(UpscalerError) as caught:
        function(*arguments)
    return str(caught.value)


def plan(*inputs: Path, output: Path | None = None, **settings: object) -> Plan:
    return make_plan(Request(inputs=inputs, output=output), Settings(**{"model": "pocket", **settings}))  # type: ignore[arg-type]


def problem(*inputs: Path, **settings: object) -> str:
    (item,) = plan(*inputs, **settings).items
    return item.problem or item.skip or ""


def failure(of: Plan) -> str:
    (item,) = run(of).items
    return item.sentence


def bad_files(tmp: Path, _: Patch) -> Said:
    yield refusal(find_inputs, (tmp / "gone.png",), Selection(), frozenset())
    yield refusal(read_header, tmp / "gone.png")
    for name, content in (("empty.png", b""), ("text.png", b"hello you"), ("bytes.png", b"\0\1\2\3\xff\xfe")):
        (tmp / name).write_bytes(content)
        yield refusal(read_header, tmp / name)
    whole = save(tmp / "whole.jpg", noise(50, 60))
    (tmp / "half.jpg").write_bytes(whole.read_bytes()[:-400])
    yield refusal(read_picture, tmp / "half.jpg")
    damaged = bytearray(save(tmp / "damaged.webp", noise(50, 60)).read_bytes())
    damaged[20:] = bytes(len(damaged) - 20)
    (tmp / "damaged.webp").write_bytes(damaged)
    yield refusal(read_picture, tmp / "damaged.webp")
    yield refusal(read_header, tmp)
    yield refusal(lambda: read_header(whole, most_pixels=10))
    (tmp / "film.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(50))
    yield refusal(open_film, tmp / "film.mp4")


def outputs_in_the_way(tmp: Path, patch: Patch) -> Said:
    photo = save(tmp / "a.png")
    run(plan(photo))
    yield problem(photo)
    yield problem(photo, strip_metadata=True)
    output = tmp / "upscaled" / "a.png"
    output.unlink()
    save(output)
    yield problem(photo)
    output.unlink()
    output.mkdir()
    yield problem(photo)
    yield refusal(lambda: plan(photo, output=photo / "below"))
    patch.setattr(os, "access", lambda *_: False)
    yield refusal(lambda: plan(photo, output=tmp))


def what_formats_cannot(tmp: Path, _: Patch) -> Said:
    clear, deep = save(tmp / "clear.png", noise(9, 12, 4)), save(tmp / "deep.png", noise(9, 12, dtype="uint16"))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    full = save(tmp / "full.png", noise(9, 12), Metadata(icc=profile, xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"))
    for path, kind in ((clear, "jpg"), (deep, "jpg"), (full, "bmp")):
        (item,) = plan(path, format=kind).items
        assert item.work is not None
        yield from item.work.warnings
    yield problem(save(tmp / "wide.png", noise(2, 1100)), format="jpg", scale=64)
    yield refusal(lambda: plan(clear, format="jpg", lossless=True))


def disks(tmp: Path, patch: Patch) -> Said:
    photo = save(tmp / "a.png")
    with patch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
        yield from plan(photo).notes

    def refusing(number: int) -> Callable[[FileSink, object], None]:
        def write(self: FileSink, _: object) -> None:
            with files.told(self.path):
                raise OSError(number, os.strerror(number))

        return write

    for number in (errno.ENOSPC, errno.EACCES):
        with patch.context() as full:
            full.setattr(FileSink, "write", refusing(number))
            yield failure(plan(photo))


def jobs(tmp: Path, patch: Patch) -> Said:
    photo = save(tmp / "a.png")
    changed = plan(photo)
    save(photo, noise(5, 5))
    yield failure(changed)
    control = Control()
    control.cancel()
    yield run(plan(photo), control=control).error
    for error in (MemoryError(), ZeroDivisionError("division by zero")):

        def read(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        with patch.context() as broken:
            broken.setattr(pictures, "read_picture", read)
            yield failure(plan(photo))
    near, far = Pipe()
    server = engine_process._Server(near)
    server._control.cancel()
    yield refusal(server._downloading(lambda _: None), "a.pth", 0, 1)
    near.close()
    far.close()


def lack_of_memory(_tmp: Path, _: Patch) -> Said:
    picture = noise(100, 100)

    def larger_than(most: int) -> Callable[[int, Tensor, Tensor], Tensor]:
        def fail(call: int, x: Tensor, y: Tensor) -> Tensor:
            if call and x.shape[0] * x.shape[2] * x.shape[3] > most:
                raise torch.OutOfMemoryError
            return y

        return fail

    heard: list[Event] = []
    Upscaler(small(2, larger_than(3000))[0], device="cpu", precision="fp32", tile=100, tell=heard.append).upscale(
        picture
    )
    Upscaler(small(2, larger_than(900))[0], device="cpu", precision="fp32", tell=heard.append).upscale_many(
        [noise(20, 20)] * 5
    )

    class Full:
        name = "full"

        def run(self, x: Tensor, window: Tensor | None) -> Tensor:
            raise torch.OutOfMemoryError

    lost = Upscaler(small(2)[0], device="cpu", precision="fp32", tile=40, tell=heard.append)
    lost._runner._executor, lost._runner._device = Full(), torch.device("meta")
    lost.upscale(picture)

    def overflow(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call == 1:
            y[0, 0, 0, 0] = torch.inf
        return y

    Upscaler(small(2, overflow)[0], device="cpu", precision="bf16", tile=40, memory=1, tell=heard.append).upscale(
        picture
    )
    yield from (event.sentence for event in heard if isinstance(event, Fallback))
    yield refusal(Upscaler(small(2, larger_than(0))[0], device="cpu", precision="fp32").upscale, picture)
    yield refusal(pick, "cuda:99")


def downloads(tmp: Path, patch: Patch) -> Said:
    yield refusal(Store(offline=True).fetch, pebble("http://127.0.0.1:9/pebble.pth"))
    yield refusal(Store(offline=False).fetch, pebble("http://127.0.0.1:9/pebble.pth"))
    site = Site({"/pebble.pth": b"PK\3\4" + bytes(100)})
    with serving(site):
        wrong = pebble(f"{site.address}/pebble.pth", sha256="0" * 64)
        yield refusal(Store(offline=False).fetch, wrong)

    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def nobody(*_: object) -> Path:
        raise Unavailable("there is no network")

    with patch.context() as disk:
        disk.setattr(store, "get", full)
        yield refusal(Store(offline=False).fetch, pebble("http://127.0.0.1:9/pebble.pth"))
    with patch.context() as net:
        net.setattr(store, "get", nobody)
        yield automatic(catalogue(), Store(offline=False), 4).reason
        here = catalogue().find("span", 4).files[0]
        assert here.mirror is not None
        (tmp / here.mirror).parent.mkdir(parents=True)
        (tmp / here.mirror).touch()
        yield automatic(catalogue(), Store(offline=False, mirror=tmp), 4).reason


def models(tmp: Path, _: Patch) -> Said:
    for prefer in SAYS:
        yield choose(catalogue(), 4, prefer=prefer, available=lambda _: True).reason  # type: ignore[arg-type]
    yield choose(catalogue(), 4, commercial=True, available=lambda _: True).reason
    yield choose(catalogue(), 4, available=lambda entry: entry.name == "pocket").reason
    for name, scale in (("pocket", 3), ("span", 7)):
        yield catalogue().serve(name, scale).sentence or ""
    yield refusal(catalogue().serve, "qqqqqqqq")
    closed = next(e.name for e in catalogue().entries if e.scale == 4 and not e.licence.commercial)
    yield refusal(lambda: plan(save(tmp / "a.png"), model=closed, commercial=True))


SAYING = (
    bad_files,
    outputs_in_the_way,
    what_formats_cannot,
    disks,
    jobs,
    lack_of_memory,
    downloads,
    models,
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """All sentences, by the functions above."""
    found = {}
    for saying in SAYING:
        folder = tmp_path_factory.mktemp(saying.__name__)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("UPSCALER_HOME", str(folder / "home"))
            patch.setenv("UPSCALER_OFFLINE", "1")
            patch.delenv("UPSCALER_MIRROR", raising=False)
            found[saying.__name__] = list(saying(folder, patch))
    return found


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    app.translate(qapp, QLocale("de"))
    yield
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()


def used(sentence: str, templates: tuple[str, ...] = SENTENCES) -> set[str]:
    """The templates that a sentence follows, and those in its fields."""
    found = parsed(sentence, templates)
    if found is None:
        return set()
    template, fields = found
    return {template}.union(*(used(field, WORDS) for name, field in fields.items() if name in IN_WORDS))


def test_every_sentence_of_the_table_is_one_that_the_program_says(said: dict[str, list[str]]) -> None:
    sentences_said = [sentence for group in said.values() for sentence in group]
    assert set(WORDS) - set().union(*map(used, sentences_said)) == set()


@pytest.mark.parametrize("saying", [saying.__name__ for saying in SAYING])
def test_what_the_program_says_is_told_in_german(saying: str, said: dict[str, list[str]], german: None) -> None:
    for sentence in said[saying]:
        translated = told(sentence)
        assert translated != sentence, sentence
        assert not set(translated.split()) & {"the", "is", "and", "of", "not", "be"}, translated


def test_in_english_everything_is_told_as_it_was_said(said: dict[str, list[str]], qapp: QApplication) -> None:
    for group in said.values():
        for sentence in group:
            assert told(sentence) == sentence


@given(st.sampled_from(WORDS), st.text(min_size=1))
def test_whatever_stands_in_a_sentence_comes_through(template: str, text: str) -> None:
    sentence = template
    for name in parsed(template, (template,))[1]:  # type: ignore[index]
        sentence = sentence.replace(f"{{{name}}}", text)
    assert told(sentence) == sentence


def test_names_of_files_are_never_translated(german: None) -> None:
    name = "/photos/A tile of 3 pixels and x4 only.png"
    assert told(f"{name} is not there.") == f"{name} ist nicht da."


def test_row_and_line_of_the_window_tell_them(german: None, window: MainWindow) -> None:
    window.queue.add([Path("a.png")])
    window.queue.change(0, state=State.FAILED, sentence="a.png is not there.")
    assert window.queue.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == "a.png ist nicht da."
    window.say("a.png is not there.")
    assert window.message.text() == "a.png ist nicht da."


def test_several_sentences_are_told_line_by_line(german: None) -> None:
    assert told("a.png is not there.\nWho knows?") == "a.png ist nicht da.\nWho knows?"
