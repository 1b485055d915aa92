"""A long film needs no more memory than a short one."""

import gc
import threading

import psutil
import pytest

from tests.films import TWICE, enlarge, make_film, planes
from upscaler.jobs import FilmSettings, Settings, events


@pytest.mark.slow
def test_memory_stays_where_it_is_over_two_thousand_frames(tmp_path):
    source = tmp_path / "long.mkv"
    some = [planes(number, "yuv420p", (72, 128)) for number in range(40)]
    make_film(source, (some[number % 40] for number in range(2000)), codec="libx264", options={"preset": "ultrafast"})
    settings = Settings(
        scale=2, model="twice", device="cpu", precision="fp32", film=FilmSettings(encoder_preset="ultrafast")
    )
    process, ended = psutil.Process(), threading.Event()
    done, first, most = [0], [0], [0]

    def watch() -> None:
        while not ended.wait(0.005):
            now = process.memory_info().rss
            most[0] = max(most[0], now)
            if done[0] <= 200:
                first[0] = max(first[0], now)

    def tell(event: events.Event) -> None:
        if isinstance(event, events.Progress):
            done[0] = event.done

    gc.collect()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        report = enlarge(source, tmp_path / "out.mkv", settings, TWICE, tell=tell)
    finally:
        ended.set()
        watcher.join()
    assert report.items[0].frames == 2000
    assert most[0] <= 1.1 * first[0], f"{first[0] / 2**20:.0f} MiB became {most[0] / 2**20:.0f} MiB"
