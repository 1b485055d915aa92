"""Films: how near to the network's own rate, how much standing still saves, how steady the memory is.

python benchmarks/films.py rate --model span --mirror WEIGHTS --film FILM
python benchmarks/films.py still --model span --mirror WEIGHTS
python benchmarks/films.py memory --model span --mirror WEIGHTS --frames 2000
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import threading
import time
from pathlib import Path

from upscaler.jobs.process import prepare

prepare()  # as the program does, before anything imports torch

# ruff: noqa: E402
import av
import numpy as np
import psutil

from upscaler.jobs import FilmSettings, Plan, Report, Request, Settings, make_plan, run
from upscaler.jobs.film_line import ready_frames
from upscaler.jobs.film_plan import FilmWork
from upscaler.media.films.film import describe
from upscaler.media.films.formats import frame_of, layout_of
from upscaler.media.films.reader import read_frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("rate", "still", "memory"))
    parser.add_argument("--model", default="span")
    parser.add_argument("--scale", type=float, default=4)
    parser.add_argument("--mirror")
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--film", type=Path, help="for rate; drifting textures with film grain if none")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--encoder-preset")
    parser.add_argument("--executor", default="auto")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        {"rate": rate, "still": still, "memory": memory}[arguments.what](arguments, Path(folder))


def rate(arguments: argparse.Namespace, folder: Path) -> None:
    """End to end (decode, network, encode, join, check) against the network alone on the same frames."""
    source = arguments.film or folder / "moving.mkv"
    if arguments.film is None:
        make_film(source, moving((180, 320), arguments.frames))
    plan = plan_for(source, folder / "out.mkv", arguments)
    work = plan.items[0].work
    assert isinstance(work, FilmWork)
    frames = [ready.pixels for ready in ready_frames(work, 0, deinterlace=False)]
    upscaler = plan.models.upscaler(work.recipe.steps[0])
    upscaler.upscale(frames[0])
    alone, whole = [], []
    count = len(frames)
    for round_ in range(3):
        begun, used = time.perf_counter(), time.process_time()
        for frame in frames:
            upscaler.upscale(frame)
        alone.append(time.perf_counter() - begun)
        used_alone = time.process_time() - used
        output = plan_for(source, folder / f"{round_}.mkv", arguments)
        begun, used = time.perf_counter(), time.process_time()
        checked(run(output))
        whole.append(time.perf_counter() - begun)
        used_whole = time.process_time() - used
        print(
            f"network alone {count / alone[-1]:.2f}/s ({1000 * used_alone / count:.0f} ms of processor a frame), "
            f"end to end {count / whole[-1]:.2f}/s ({1000 * used_whole / count:.0f} ms)",
            flush=True,
        )
    print(f"end to end / network alone: {min(alone) / min(whole):.1%} ({upscaler.device}, {upscaler.dtype})")


def still(arguments: argparse.Namespace, folder: Path) -> None:
    """A screen that stands still but for a blinking cursor and a line that is typed, with and without reuse."""
    source = folder / "screen.mkv"
    make_film(source, screen((720, 1280), arguments.frames))
    seconds = {}
    for reuse in (True, False):
        begun = time.perf_counter()
        report = checked(run(plan_for(source, folder / f"{reuse}.mkv", arguments, reuse=reuse)))
        seconds[reuse] = time.perf_counter() - begun
        print(
            f"reuse {reuse}: {seconds[reuse]:.1f} s, {report.items[0].reused:.1%} of the tiles taken over", flush=True
        )
    same = samples(folder / "True.mkv") == samples(folder / "False.mkv")
    print(f"{seconds[False] / seconds[True]:.1f} times as fast, frames {'identical' if same else 'DIFFERENT'}")


def memory(arguments: argparse.Namespace, folder: Path) -> None:
    """The process's memory over a long film: the peak of all frames against that of the first 200."""
    source = folder / "long.mkv"
    make_film(source, moving((90, 160), arguments.frames))
    process = psutil.Process()
    peaks, done = {"first": 0, "all": 0}, [0]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            now = process.memory_info().rss
            peaks["all"] = max(peaks["all"], now)
            if done[0] <= 200:
                peaks["first"] = max(peaks["first"], now)

    plan = plan_for(source, folder / "out.mkv", arguments)
    gc.collect()
    watcher = threading.Thread(target=watch)
    watcher.start()

    def tell(event: object) -> None:
        done[0] = getattr(event, "done", done[0])

    checked(run(plan, tell=tell))
    ended.set()
    watcher.join()
    first, most = peaks["first"] / 2**20, peaks["all"] / 2**20
    print(f"first 200 frames {first:.0f} MiB, all {arguments.frames} {most:.0f} MiB: {most / first - 1:+.1%}")


def plan_for(source: Path, output: Path, arguments: argparse.Namespace, *, reuse: bool = True) -> Plan:
    film = FilmSettings(reuse=reuse, encoder_preset=arguments.encoder_preset)
    settings = Settings(
        model=arguments.model, scale=arguments.scale, device=arguments.device, executor=arguments.executor, film=film
    )
    request = Request(inputs=(source,), output=output, exists="overwrite", mirror=arguments.mirror)
    return make_plan(request, settings)


def checked(report: Report) -> Report:
    if report.exit_code:
        raise SystemExit(report.items[0].sentence)
    return report


def moving(size: tuple[int, int], count: int) -> list[list[np.ndarray]]:
    """Textures that drift, with film grain: nothing stands still."""
    height, width = size
    random = np.random.default_rng(1)
    field = random.integers(0, 256, (height * 2, width * 2), np.uint8).astype(np.float32)
    for axis in (0, 1):
        for _ in range(6):
            field = (field + np.roll(field, 1, axis)) / 2
    field = np.clip((field - field.mean()) * 4 + 128, 16, 235)
    frames = []
    for number in range(count):
        part = field[number % height : number % height + height, number % width : number % width + width]
        luma = np.clip(part + random.normal(0, 2, size), 16, 235).astype(np.uint8)
        chroma = np.clip(part[::2, ::2] / 2 + 64, 16, 240).astype(np.uint8)
        frames.append([luma, chroma, 255 - chroma])
    return frames


def screen(size: tuple[int, int], count: int) -> list[list[np.ndarray]]:
    still_frame = moving(size, 1)[0]
    frames = []
    for number in range(count):
        shown = [plane.copy() for plane in still_frame]
        shown[0][400:416, 300 : 300 + 8 * (number // 4)] = 16
        if number % 12 < 6:
            shown[0][400:416, 304 + 8 * (number // 4) : 308 + 8 * (number // 4)] = 235
        frames.append(shown)
    return frames


def make_film(path: Path, frames: list[list[np.ndarray]]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.height, stream.width = frames[0][0].shape
        stream.pix_fmt = "yuv420p"
        stream.codec_context.options = {"crf": "18", "preset": "veryfast"}
        for number, planes in enumerate(frames):
            frame = frame_of(layout_of("yuv420p"), planes)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def samples(path: Path) -> list[bytes]:
    return [plane.tobytes() for frame in read_frames(describe(path)) for plane in frame.planes]


if __name__ == "__main__":
    main()
