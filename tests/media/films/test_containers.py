"""What a container cannot hold is known before work starts."""

from pathlib import Path

import av
import pytest

from tests.films import make_film, planes
from upscaler.errors import UsageError
from upscaler.media.films.containers import container_of, kept_tags, plan_streams, tags_lost
from upscaler.media.films.film import describe
from upscaler.media.films.reader import read_frames


@pytest.mark.parametrize(
    ("name", "codec"),
    [("film.avi", "mpeg4"), ("film.ts", "libx264"), ("film.flv", "libx264")],
)
def test_a_film_in_a_container_that_is_not_written_goes_to_matroska_and_it_is_said(tmp_path, name, codec):
    path = tmp_path / name
    make_film(path, [planes(i, "yuv420p", (64, 64)) for i in range(12)], codec=codec, rate=25)
    film = describe(path)
    target = plan_streams(film, None)
    assert (target.container, target.suffix) == ("matroska", ".mkv")
    assert target.warnings == (f"{path.suffix} is not written; the film goes to Matroska (.mkv).",)
    times = [float(frame.ticks * film.time_base) for frame in read_frames(film)]
    assert [time - times[0] for time in times] == pytest.approx([n / 25 for n in range(12)], abs=float(film.time_base))


def test_films_are_not_written_under_names_of_other_things():
    assert container_of(Path("a.M4V")) == "mp4"
    with pytest.raises(UsageError, match=r"Films are written as \.mkv, \.mp4"):
        container_of(Path("a.avi"))


def test_tags_about_the_old_file_are_left_behind():
    tags = {
        "title": "A",
        "ENCODER": "Lavf",
        "major_brand": "isom",
        "BPS-eng": "12",
        "handler_name": "Video",
        "DIRECTOR": "B",
    }
    assert kept_tags(tags, "matroska", same_container=False) == {"title": "A", "DIRECTOR": "B"}
    assert kept_tags(tags, "mp4", same_container=True) == {"title": "A", "handler_name": "Video", "director": "B"}
    assert tags_lost(tags, "mp4") == ["director"]
    assert tags_lost(tags, "matroska") == []


def test_a_second_picture_is_copied_and_it_is_said(tmp_path):
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("ffv1", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        for stream in streams:
            container.mux(stream.encode(av.VideoFrame(32, 16, "yuv420p")))
            container.mux(stream.encode(None))
    target = plan_streams(describe(path), None)
    assert [carried.how for carried in target.carried] == ["copy"]
    assert "is copied as it is: one picture of a film is enlarged." in target.warnings[0]
