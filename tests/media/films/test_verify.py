"""A film that does not hold what was written into it gets no name."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.films import SAME, make_film, plan_for, planes
from upscaler.errors import MediaError
from upscaler.jobs import Settings
from upscaler.media.films.mux import Written
from upscaler.media.films.verify import check_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    make_film(path, [planes(i, "yuv420p", (32, 48)) for i in range(5)], sound=True)
    return path


@pytest.fixture
def encoding(film: Path, tmp_path: Path):
    work = plan_for(film, tmp_path / "out.mkv", Settings(scale=1, model="same", device="cpu"), SAME).items[0].work
    return work.encoding


def sound_packets(film: Path) -> int:
    import av

    with av.open(str(film)) as container:
        return sum(1 for packet in container.demux(container.streams.audio[0]) if packet.size)


def test_a_whole_film_is_accepted(film, encoding):
    check_film(film, film, encoding, Written([("film", 5), ("audio", sound_packets(film))], 0))


def test_missing_frames_are_found(film, encoding):
    with pytest.raises(MediaError, match=r"film packets \[5\] instead of \[6\]; nothing was left there"):
        check_film(film, film, encoding, Written([("film", 6), ("audio", sound_packets(film))], 0))


def test_a_missing_stream_is_found(film, encoding):
    with pytest.raises(MediaError, match=r"subtitle packets \[\] instead of \[2\]"):
        check_film(film, film, encoding, Written([("film", 5), ("subtitle", 2)], 0))


def test_another_size_or_number_of_chapters_is_found(film, encoding):
    with pytest.raises(MediaError, match="0 chapters instead of 3"):
        check_film(film, film, encoding, Written([("film", 5)], 3))
    with pytest.raises(MediaError, match="frames of 48x32 instead of 50x32"):
        check_film(film, film, replace(encoding, width=50), Written([("film", 5)], 0))


def test_a_film_without_picture_is_found(film, encoding, tmp_path):
    """Sound alone must not count as success."""
    import av

    sound = tmp_path / "sound.mkv"
    with av.open(str(film)) as source, av.open(str(sound), "w") as output:
        copied = output.add_stream_from_template(source.streams.audio[0], opaque=True)
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = copied
                output.mux(packet)
    with pytest.raises(MediaError, match="cannot be read back"):
        check_film(sound, sound, encoding, Written([("film", 5)], 0))
