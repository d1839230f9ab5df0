"""``hotfoot bench``: the whole program, measured from outside."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from hotfoot.cli import options
from hotfoot.cli.common import emit
from hotfoot.cli.types import verb


def measure(arguments: list[str]) -> dict[str, float]:
    """Run ``python -m hotfoot``: seconds on the clock and on the processor, peak memory."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "hotfoot", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    complaints = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{' '.join(arguments)} failed:\n{complaints.decode()}")
    wall_s = time.perf_counter() - began
    per_mb = 1e6 if sys.platform == "darwin" else 1e3
    cpu_s = usage.ru_utime + usage.ru_stime
    return {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": usage.ru_maxrss / per_mb}


@verb("hotfoot bench --hour")
@options.model
@click.option(
    "--hour", is_flag=True,
    help="Also dance a song of one hour (one denoising step, which does not change the "
    "memory) and compare with a minute.",
)  # fmt: skip
def command(model: str, hour: bool) -> None:
    """Speed and memory on this machine, against the bars of the design.

    A song of 30 s is composed and danced by a fresh process, video included. Sampling is the
    difference in processor time between the default number of denoising steps and none to
    speak of (one), plus that one.
    """
    from hotfoot.model.checkpoint import model_folder, read_config
    from hotfoot.music.synthesis import compose

    steps = read_config(model_folder(model)).sampling.steps
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        song = folder / "song.wav"
        compose(30.0, 120.0, seed=1).save(song)
        dance = ["dance", str(song), "--model", model, "-o"]
        video, poses = str(folder / "a.mp4"), str(folder / "a.npz")
        of_help = min((measure(["--help"]) for _ in range(5)), key=lambda r: r["wall_s"])
        full = measure([*dance, video, "-o", poses])
        many = measure([*dance, poses])
        one = measure([*dance, poses, "--steps", "1"])
        denoising = (many["cpu_s"] - one["cpu_s"]) * steps / max(1, steps - 1)
        rows = [
            ("hotfoot --help", of_help["wall_s"], "s", 0.5),
            ("30 s song, everything, wall clock", full["wall_s"], "s", 30.0),
            (
                "30 s song, processor time without video, per second",
                many["cpu_s"] / 30,
                "CPU-s",
                None,
            ),
            ("sampling, per second of dance", denoising / 30, "CPU-s", 0.5),
            ("30 s song, peak memory", full["peak_mb"], "MB", 1500.0),
        ]
        measured = {"help": of_help, "full": full, "no_video": many, "one_step": one}
        if hour:
            for label, seconds in (("minute", "60"), ("hour", "3600")):
                # In a process of its own: a child's peak counts what its parent held before it.
                measure(["compose", str(song), "--seconds", seconds, "--seed", "2"])
                long = measure([*dance, video, "--steps", "1", "--size", "144x256"])
                measured[label] = long
                rows.append((f"one {label}, peak memory", long["peak_mb"], "MB", None))
            ratio = measured["hour"]["peak_mb"] / measured["minute"]["peak_mb"]
            rows.append(("hour / minute, peak memory", ratio, "x", 1.2))
    table = [{"what": w, "value": round(v, 4), "unit": u, "bar": b} for w, v, u, b in rows]
    lines = [
        f"{w:<52} {v:9.3f} {u:<6}" + (f" bar {b:g}, {v / b:.2f} of it" if b else "")
        for w, v, u, b in rows
    ]
    emit({"cores": os.cpu_count(), "steps": steps, **measured, "rows": table}, *lines)
