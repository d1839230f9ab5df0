"""``hotfoot dance``."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hotfoot.cli.common import emit, progress_bars, use_cores, warn
from hotfoot.cli.options import json_option, model_option, torch_device_option
from hotfoot.cli.request import given, request_options
from hotfoot.cli.types import ANY_PATH, Listed, OneOf, Verb
from hotfoot.errors import InputError, OptionError

if TYPE_CHECKING:
    from hotfoot.generation.result import Dance

_COMPOSED = "hotfoot-song.wav"
_DRAWING = 0.3  # of the time for a dance, roughly


@click.command(
    cls=Verb,
    epilog="""\b
Examples:
  hotfoot dance                       # composes a song and dances to it
  hotfoot dance song.mp3
  hotfoot dance song.m4a -o dance.mp4 -o dance.json --reference me.npz --seed 7
  hotfoot dance song.wav -o wan/ --preset wan-animate --start 30 --end 60
  hotfoot dance album/ -o dances/ --style disco
  hotfoot dance song.ogg -o best.mp4 --best-of 4 --size 720x1280""",
)
@click.argument("songs", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o", "--output", "outputs", multiple=True, type=ANY_PATH,
    help="Where to write; repeats. .mp4 .webm .gif .npz .json .png, or a folder: with --preset "
    "what the tool reads, else an .mp4 and an .npz for each song. Default: the song's name + .mp4 "
    "and .npz, here.",
)  # fmt: skip
@click.option(
    "--reference", default="average", show_default=True, cls=Listed,
    type=OneOf("hotfoot.pose.references:FIGURES", "FIGURE", or_path=True),
    help="Photo, video or pose file of a person, or a built-in figure: {names}.",
)  # fmt: skip
@click.option(
    "--preset", cls=Listed, type=OneOf("hotfoot.render.presets:PRESETS"),
    help="Layout for a tool: {names}.",
)  # fmt: skip
@model_option
@request_options()
@torch_device_option
@json_option
def command(
    songs: tuple[Path, ...], outputs: tuple[Path, ...], reference: str, preset: str | None,
    model: str, device: str, as_json: bool, **fields: Any,
) -> None:  # fmt: skip
    """Dance to whole SONGS: sound files, or folders of them.

    Without any, a song is composed first. A song that cannot be danced to does not stop the others.
    """
    from hotfoot.generation.inputs import take_generator
    from hotfoot.generation.options import DanceOptions
    from hotfoot.music.audio import open_song

    # Everything that can be wrong is found before anything slow begins.
    asked = DanceOptions(**given(fields))
    first = outputs[0] if outputs else Path()
    beside = first if _is_folder(first, False, preset) else first.parent
    found = _songs_in(songs) or [beside / _COMPOSED]
    jobs = _jobs(found, outputs, preset, asked.variations)
    _check_outputs(jobs, preset, [reference, *(str(pose) for _, pose in asked.keyframes)])
    if not songs:
        _compose(found[0])
    if len(jobs) == 1:
        open_song(found[0], asked.start, asked.end)
    use_cores()
    generator = take_generator(model, device)
    asked.draft_for(generator.config)
    pose = _opened(reference, generator.config.skeleton) if len(jobs) > 1 else reference
    request = {"model": generator, "options": asked, "reference": pose}
    results: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with progress_bars() as report:
        for i, job in enumerate(jobs):
            bar = _share_of_bar(report, i, len(jobs))
            try:
                results += _dance(job, preset, request, bar)
            except InputError as error:
                if len(jobs) == 1:
                    raise
                failed.append({"song": str(job.song), "error": str(error)})
    emit({"dances": results, "failed": failed}, [_line(r) for r in results], as_json)
    for one in failed:
        click.echo(f"hotfoot: {one['song']}: {one['error']}", err=True)
    if failed:
        raise click.exceptions.Exit(2)


@dataclass(frozen=True)
class _Job:
    """A song, and for each variation the files to write."""

    song: Path
    targets: tuple[tuple[Path, ...], ...]


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


def _compose(path: Path) -> None:
    """The song of ``make dance``, unless it is there."""
    from hotfoot.music.synthesis import compose

    if not path.exists():
        compose(24.0, 118.0, seed=3).save(path)


def _is_folder(output: Path, several: bool, preset: str | None) -> bool:
    """Whether dances go into this folder by their songs' names; else it is written itself."""
    return several or output == Path() or (preset is None and not output.suffix)


def _jobs(
    songs: list[Path], outputs: tuple[Path, ...], preset: str | None, variations: int
) -> list[_Job]:
    """What is written where.

    Raises:
        OptionError: several songs into one file.
    """
    from hotfoot.generation.result import OUTPUT_SUFFIXES

    several = len(songs) > 1
    files = [p.name for p in outputs if p.suffix.lower() in OUTPUT_SUFFIXES]
    if several and files:
        raise OptionError(
            f"{len(songs)} songs and {', '.join(files)}",
            "Give a folder (-o FOLDER) for the dances of several songs.",
        )
    stems = [song.stem for song in songs]
    jobs = []
    for song in songs:
        name = song.stem if stems.count(song.stem) == 1 else song.name
        paths: list[Path] = []
        for output in outputs or (Path(),):
            inside = _is_folder(output, several, preset)
            paths += _default_paths(output, name, song, preset) if inside else [output]
        numbered = [
            tuple(_numbered(p, v + 1) if variations > 1 else p for p in paths)
            for v in range(variations)
        ]
        jobs.append(_Job(song, tuple(numbered)))
    return jobs


def _default_paths(folder: Path, name: str, song: Path, preset: str | None) -> list[Path]:
    if preset is not None:
        return [folder / f"{name.replace('.', '_')}-{preset}"]
    if song.suffix.lower() in (".mp4", ".webm"):
        name = f"{name}-dance"
    return [folder / f"{name}.mp4", folder / f"{name}.npz"]


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _check_outputs(jobs: list[_Job], preset: str | None, others: list[str]) -> None:
    """Raise OutputError unless all can be written without losing anything."""
    from hotfoot.files import check_distinct, make_folder
    from hotfoot.generation.result import check_output

    paths = [path for job in jobs for row in job.targets for path in row]
    check_distinct(paths, [*(job.song for job in jobs), *map(Path, others)])
    for path in paths:
        if not path.parent.is_dir() and path.parent.parent.is_dir() and not path.parent.suffix:
            make_folder(path.parent)
        check_output(path, preset)


def _opened(reference: str, skeleton: str) -> Any:
    """The reference of several dances: a photo or a video is looked at once."""
    from hotfoot.capture.reference import open_reference

    return open_reference(reference, skeleton=skeleton)


Bar = Callable[[float], None]
"""``bar(share)`` of one song that is done."""


def _share_of_bar(report: Callable[[str, int, int], None], index: int, count: int) -> Bar:
    def bar(share: float) -> None:
        report("dancing", round(1000 * (index + share)), 1000 * count)

    return bar


def _dance(
    job: _Job, preset: str | None, request: dict[str, Any], bar: Bar
) -> list[dict[str, Any]]:
    """Dance to one song and write all files; what is on disk then."""
    from hotfoot.generation.pipeline import dances

    made = dances(
        job.song, **request, progress=lambda _, done, total: bar((1 - _DRAWING) * done / total)
    )
    warn(made[0].warnings)
    count = sum(len(row) for row in job.targets)
    results, written = [], 0
    for one, row in zip(made, job.targets, strict=True):
        files = []
        for path in row:

            def drawn(done: int, total: int, before: int = written) -> None:
                bar(1 - _DRAWING + _DRAWING * (before + done / total) / count)

            saved = one.save(path, preset, drawn)
            written += 1
            warn(saved.warnings)
            facts = asdict(saved)
            facts.pop("warnings")
            files.append({**facts, "path": str(path), "canvas": list(saved.canvas)})
        results.append(_facts(job.song, one, preset) | {"files": files})
    return results


def _facts(song: Path, one: "Dance", preset: str | None) -> dict[str, Any]:
    return {
        "song": str(song),
        "seed": one.seed,
        "variation": one.variation,
        "model": one.model,
        "preset": preset,
        "duration_s": round(one.poses.duration_s, 4),
        "tempo_bpm": round(one.tempo_bpm, 2),
        "beats": len(one.beats),
        "seams": list(one.seams),
        "warnings": list(one.warnings),
        "seconds": {k: round(v, 3) for k, v in one.timings.items()},
    }


def _line(result: dict[str, Any]) -> str:
    files = [f"  {f['path']}: {f['frames']} frames at {f['fps']:g} fps" for f in result["files"]]
    head = f"{result['song']}: {result['tempo_bpm']:.1f} BPM, seed {result['seed']}"
    return "\n".join([head, *files])
