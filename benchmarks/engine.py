"""Our engine beside plain torch and other runtimes: same network, same pixels, one run.

    python -m benchmarks.engine span rlfn --side 256 1024 --threads 2 > engine.json

Every contender lives in a process of its own, so that neither thread pools nor allocators mix, and they are asked in
turn, round by round: what disturbs one disturbs all.  The plain forward runs in an unchanged Python.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

CONTENDERS = (
    "plain",
    "ours-fp32",
    "ours-bf16",
    "ours-auto",
    "ours-torch",
    "openvino-f32",
    "openvino-bf16",
    "onnxruntime",
    "ncnn",
)
"""``ours-torch``: our engine without its own kernels, in the precision that it chooses then."""

PATIENCE = 120
"""Seconds until every contender must have done its first picture."""

Forward = Callable[[], object]


def prepare(contender: str, name: str, side: int, threads: int) -> Forward:
    """The contender's call for one picture of ``side`` x ``side`` random but smooth pixels."""
    import torch

    from upscaler.engine import allocator
    from upscaler.engine.bench import _picture
    from upscaler.models.loading import load_model

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    model = load_model(name, 4)
    picture = _picture(side)
    if contender.startswith("ours"):
        from upscaler.engine import Upscaler
        from upscaler.engine.precision import named

        allocator.keep()  # as the program does
        kind = contender.removeprefix("ours-")
        precision = named(kind) if kind in ("fp32", "bf16") else "auto"
        executor = "torch" if kind == "torch" else "auto"
        upscaler = Upscaler(model, device="cpu", precision=precision, executor=executor, threads=threads)
        return lambda: upscaler.upscale(picture)
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float().contiguous() / 255 * model.traits.value_range
    if contender == "plain":
        return lambda: model.network(x)
    return {"openvino": openvino, "onnxruntime": onnxruntime, "ncnn": ncnn}[contender.split("-")[0]](
        model.network, x, threads, contender
    )


def openvino(network: Any, x: Any, threads: int, contender: str) -> Forward:
    import openvino as ov

    graph = ov.convert_model(network, example_input=x)
    graph.reshape(list(x.shape))
    settings = {
        "INFERENCE_PRECISION_HINT": contender.split("-")[1],
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled, array = ov.Core().compile_model(graph, "CPU", settings), x.numpy()
    return lambda: compiled([array])


def onnxruntime(network: Any, x: Any, threads: int, contender: str) -> Forward:
    import io

    import onnxruntime as ort
    import torch

    program = torch.onnx.export(network, (x,), dynamo=True, verbose=False)
    assert program is not None
    file = io.BytesIO()
    program.save(file)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x.numpy()}
    return lambda: session.run(None, feed)


def ncnn(network: Any, x: Any, threads: int, contender: str) -> Forward:
    """Needs pnnx to convert, which is not always there: the caller leaves ncnn out then."""
    import tempfile

    import ncnn as runtime
    import pnnx
    import torch

    folder = Path(tempfile.mkdtemp())
    pnnx.export(torch.jit.trace(network, x), str(folder / "network.pt"), x)
    net = runtime.Net()
    net.opt.use_vulkan_compute = False
    net.opt.num_threads = threads
    net.load_param(str(folder / "network.ncnn.param"))
    net.load_model(str(folder / "network.ncnn.bin"))
    pixels = runtime.Mat(x[0].numpy())

    def forward() -> object:
        with net.create_extractor() as extractor:
            extractor.input("in0", pixels)
            return extractor.extract("out0")

    return forward


def serve(contender: str, name: str, side: int, threads: int) -> None:
    """A process of its own: says ``ready``, then answers each line with the seconds of one call (wall, processor)."""
    # What libraries print must not be taken for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    forward = prepare(contender, name, side, threads)
    forward()
    print("ready", file=answers, flush=True)
    for _ in sys.stdin:
        wall, processor = perf_counter(), process_time()
        forward()
        print(json.dumps([perf_counter() - wall, process_time() - processor]), file=answers, flush=True)


def compare(name: str, side: int, threads: int, rounds: int, contenders: list[str]) -> dict[str, Any]:
    """Median, fastest and slowest milliseconds of each contender that works here."""
    this = [sys.executable, "-m", "benchmarks.engine"]
    processes = {
        contender: subprocess.Popen(
            [*this, "--serve", contender, name, "--side", str(side), "--threads", str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )
        for contender in contenders
    }
    # What cannot be converted within minutes is as good as impossible.
    patience = [threading.Timer(PATIENCE, process.kill) for process in processes.values()]
    for timer in patience:
        timer.start()
    working = {c: p for c, p in processes.items() if p.stdout and p.stdout.readline() == "ready\n"}
    for timer in patience:
        timer.cancel()
    times: dict[str, list[list[float]]] = {contender: [] for contender in working}
    for _ in range(rounds):
        for contender, process in working.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            times[contender].append(json.loads(process.stdout.readline()))
    for process in processes.values():
        process.communicate()  # the end of its input is its end
    return {
        "model": name,
        "side": side,
        "threads": threads,
        "rounds": rounds,
        "missing": sorted(set(contenders) - set(working)),
        "results": {
            contender: {
                "ms": median(wall for wall, _ in values) * 1e3,
                "fastest": min(wall for wall, _ in values) * 1e3,
                "slowest": max(wall for wall, _ in values) * 1e3,
                "processor_ms": median(processor for _, processor in values) * 1e3,
            }
            for contender, values in times.items()
        },
    }


def table(found: dict[str, Any]) -> str:
    """Markdown: times, and how many times faster than the plain forward."""
    lines = [
        f"{found['model']}, {found['side']} x {found['side']}, {found['threads']} threads, {found['rounds']} rounds",
        "",
    ]
    lines += [
        "| | ms | fastest | slowest | ns/pixel | processor ms | against plain |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    results = found["results"]
    for contender, r in results.items():
        gain = f"{results['plain']['ms'] / r['ms']:.2f}" if "plain" in results else ""
        nanoseconds = r["ms"] * 1e6 / found["side"] ** 2
        lines.append(
            f"| {contender} | {r['ms']:.0f} | {r['fastest']:.0f} | {r['slowest']:.0f} | {nanoseconds:.0f} | "
            f"{r['processor_ms']:.0f} | {gain} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--side", type=int, nargs="+", default=[256])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--contenders", nargs="+", default=list(CONTENDERS), choices=CONTENDERS)
    parser.add_argument("--serve", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.models[0], arguments.side[0], arguments.threads)
        return
    everything = []
    for name in arguments.models:
        for side in arguments.side:
            found = compare(name, side, arguments.threads, arguments.rounds, arguments.contenders)
            everything.append(found)
            print(table(found), file=sys.stderr, flush=True)
    print(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
