"""``hotfoot dance``."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
from click import argument, option

import hotfoot
from hotfoot.cli import options, types
from hotfoot.cli.common import emit, progress_bars, use_cores, warn
from hotfoot.errors import InputError, OptionError
from hotfoot.files import check_distinct, make_folder

_DRAWING = 0.3  # of the time for a dance, roughly
Targets = list[list[Path]]
"""For each variation the files to write."""


@types.verb(
    "hotfoot dance                       # composes a song and dances to it",
    "hotfoot dance song.mp3",
    "hotfoot dance song.m4a -o dance.mp4 -o dance.json --reference me.npz --seed 7",
    "hotfoot dance song.wav -o wan/ --preset wan-animate --start 30 --end 60",
    "hotfoot dance album/ -o dances/ --style disco",
    "hotfoot dance song.ogg -o best.mp4 --best-of 4 --size 720x1280",
)
@argument("songs", nargs=-1, type=types.EXISTING)
@option(
    "-o", "--output", "outputs", multiple=True, type=types.ANY_PATH,
    help="Where to write; repeats. .mp4 .webm .gif .npz .json .png, or a folder: with --preset "
    "what the tool reads, else an .mp4 and an .npz for each song. Default: the song's name + .mp4 "
    "and .npz, here.",
)  # fmt: skip
@option(
    "--reference", default="average", type=types.FIGURE,
    help="Photo, video or pose file of a person, or a built-in figure: {names}.",
)  # fmt: skip
@option("--preset", type=types.PRESET, help="Layout for a tool: {names}.")
@options.model
@option("--seed", type=int, help="Same seed, same dance [default: 0].")
@option("--variations", type=int, help="Write so many dances, 1 to 64 [default: 1].")
@option("--best-of", type=int, help="Make so many, 1 to 64, and keep the one most on the beat.")
@option("--start", type=float, help="Second of the song to begin at.")
@option("--end", type=float, help="Second of the song to end at.")
@option("--fps", type=float, help="Frames per second, 1 to 240 [default: the model's].")
@option("--size", type=types.SIZE, help="Canvas [default: the reference's].")
@options.sampling
@option(
    "--keyframe", "keyframes", multiple=True, type=types.KEYFRAME,
    help="Pass through a pose (file or figure) at a second; repeats.",
)  # fmt: skip
@option("--loop", is_flag=True, help="End where it begins.")
@option("--mirror", is_flag=True, help="Exchange left and right.")
@options.movement
@option(
    "--confidence", type=types.CONFIDENCE,
    help="Confidence of keypoints: 0 and 1 [default], or values between them.",
)  # fmt: skip
@option("--device", default="cpu", help="cpu, cuda, mps.")
def command(
    songs: tuple[Path, ...], outputs: tuple[Path, ...], reference: str, preset: str | None,
    model: str, device: str, **fields: Any,
) -> None:  # fmt: skip
    """Dance to whole SONGS: sound files, or folders of them.

    Without any, a song is composed first. A song that cannot be danced to does not stop the others.
    """
    from hotfoot.capture.people import open_reference
    from hotfoot.generation.options import take_generator
    from hotfoot.music.audio import open_song

    # Everything that can be wrong is found before anything slow begins.
    asked = hotfoot.DanceOptions(**options.given(fields))
    first = outputs[0] if outputs else Path()
    beside = first if _is_folder(first, False, preset) else first.parent
    found = _songs_in(songs) or [beside / "hotfoot-song.wav"]
    jobs = list(zip(found, _targets(found, outputs, preset, asked.variations), strict=True))
    _check_outputs(jobs, preset, [reference, *(str(pose) for _, pose in asked.keyframes)])
    if not songs and not found[0].exists():
        hotfoot.compose(24.0, 118.0, seed=3).save(found[0])
    if len(jobs) == 1:
        open_song(found[0], asked.start, asked.end)
    use_cores()
    generator = take_generator(model, device)
    asked.draft_for(generator.config)
    pose: Any = reference
    if len(jobs) > 1:  # a photo or a video is looked at once
        pose = open_reference(reference, skeleton=generator.config.skeleton)
    request = {"model": generator, "options": asked, "reference": pose}
    results: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with progress_bars() as report:

        def bar(finished: int, share: float) -> None:
            report("dancing", round(1000 * (finished + share)), 1000 * len(jobs))

        for finished, (song, targets) in enumerate(jobs):
            try:
                results += _dance(song, targets, preset, request, partial(bar, finished))
            except InputError as error:
                if len(jobs) == 1:
                    raise
                failed.append({"song": str(song), "error": str(error)})
    emit({"dances": results, "failed": failed}, *(line for r in results for line in _lines(r)))
    for one in failed:
        click.echo(f"hotfoot: {one['song']}: {one['error']}", err=True)
    if failed:
        raise click.exceptions.Exit(2)


def _songs_in(paths: tuple[Path, ...]) -> list[Path]:
    """Files, and those in folders by name."""
    from hotfoot.music.audio import SONG_SUFFIXES

    found = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SONG_SUFFIXES)
        if not inside:
            raise InputError(f"no songs in {path}", f"Songs end in {', '.join(SONG_SUFFIXES)}.")
        found += inside
    return found


def _is_folder(output: Path, several: bool, preset: str | None) -> bool:
    """Whether dances go into this folder by their songs' names; else it is written itself."""
    return several or output == Path() or (preset is None and not output.suffix)


def _targets(
    songs: list[Path], outputs: tuple[Path, ...], preset: str | None, variations: int
) -> list[Targets]:
    """What is written for each song; raises OptionError for several songs into one file."""
    from hotfoot.generation.result import OUTPUT_SUFFIXES

    several = len(songs) > 1
    files = [p.name for p in outputs if p.suffix.lower() in OUTPUT_SUFFIXES]
    if several and files:
        raise OptionError(
            f"{len(songs)} songs and {', '.join(files)}",
            "Give a folder (-o FOLDER) for the dances of several songs.",
        )
    stems = [song.stem for song in songs]
    targets = []
    for song in songs:
        name = song.stem if stems.count(song.stem) == 1 else song.name
        paths: list[Path] = []
        for output in outputs or (Path(),):
            inside = _is_folder(output, several, preset)
            paths += _default_paths(output, name, song, preset) if inside else [output]
        numbers = range(1, variations + 1) if variations > 1 else ()
        targets.append(
            [[p.with_name(f"{p.stem}-{n}{p.suffix}") for p in paths] for n in numbers] or [paths]
        )
    return targets


def _default_paths(folder: Path, name: str, song: Path, preset: str | None) -> list[Path]:
    if preset is not None:
        return [folder / f"{name.replace('.', '_')}-{preset}"]
    if song.suffix.lower() in (".mp4", ".webm"):
        name = f"{name}-dance"
    return [folder / f"{name}.mp4", folder / f"{name}.npz"]


def _check_outputs(jobs: list[tuple[Path, Targets]], preset: str | None, others: list[str]) -> None:
    """Raise OutputError unless all can be written without losing anything."""
    from hotfoot.generation.result import check_output

    paths = [path for _, targets in jobs for row in targets for path in row]
    check_distinct(paths, [*(song for song, _ in jobs), *map(Path, others)])
    for path in paths:
        if not path.parent.is_dir() and path.parent.parent.is_dir() and not path.parent.suffix:
            make_folder(path.parent)
        check_output(path, preset)


def _dance(
    song: Path, targets: Targets, preset: str | None, request: dict[str, Any],
    bar: Callable[[float], None],
) -> list[dict[str, Any]]:  # fmt: skip
    """Dance to one song and write all files; what is on disk then. ``bar(share)`` of it is done."""
    made = hotfoot.dances(
        song, **request, progress=lambda _, done, total: bar((1 - _DRAWING) * done / total)
    )
    warn(made[0].warnings)
    share, before = _DRAWING / sum(map(len, targets)), 1 - _DRAWING
    results = []

    def drawn(done: int, total: int) -> None:
        bar(before + share * done / total)

    for one, paths in zip(made, targets, strict=True):
        files = []
        for path in paths:
            saved = one.save(path, preset, drawn)
            before += share
            warn(saved.warnings)
            files.append({"path": str(path), "frames": saved.frames, "fps": saved.fps,
                          "canvas": saved.canvas})  # fmt: skip
        results.append(
            {"song": str(song), "seed": one.seed, "variation": one.variation, "model": one.model,
             "preset": preset, "duration_s": round(one.poses.duration_s, 4),
             "tempo_bpm": round(one.tempo_bpm, 2), "beats": len(one.beats), "seams": one.seams,
             "warnings": one.warnings,
             "seconds": {k: round(v, 3) for k, v in one.timings.items()}, "files": files}
        )  # fmt: skip
    return results


def _lines(result: dict[str, Any]) -> list[str]:
    return [
        f"{result['song']}: {result['tempo_bpm']:.1f} BPM, seed {result['seed']}",
        *(f"  {f['path']}: {f['frames']} frames at {f['fps']:g} fps" for f in result["files"]),
    ]
