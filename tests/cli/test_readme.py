"""Every command of the README, run as it stands there.

Its inputs are made, by what the command takes them for. Where the README's would be slow, the model
is a tiny one, songs are danced for a second or two, and counts are small.
"""

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import click
import pytest
from PIL import Image

from hotfoot.benchmark.run import PROTOCOLS
from hotfoot.cli import bench
from hotfoot.cli.main import cli, main
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import write_poses
from hotfoot.pose.references import FIGURES
from tests.data.test_aist import replica  # noqa: F401
from tests.helpers.clips import write_clips
from tests.helpers.dancers import on_beat
from tests.helpers.poses import walker
from tests.helpers.screens import STANDING, painted, save_video, swaying
from tests.helpers.songs import write_audio

README = (Path(__file__).parents[2] / "README.md").read_text()
FOUND = re.findall(r"^(?: {4})?(?:torchrun .*-m )?hotfoot( .+)?$", README, re.M)
LINES = [shlex.split(line, comments=True) for line in FOUND]
FEW = {"clips": 4, "per_shard": 4, "composed": 1, "samples": 4,
       "jobs": 1}  # fmt: skip
CODECS = {".mp3": "libmp3lame", ".ogg": "libopus", ".m4a": "aac", ".wav": "pcm_s16le"}


def found_command(arguments):
    """The command of a line, its name, and the rest of the line."""
    command, name, rest = cli, [], list(arguments)
    while isinstance(command, click.Group):
        name.append(rest.pop(0) if rest[0] in command.list_commands(None) else "dances")
        command = command.get_command(None, name[-1])
    return command, " ".join(name), rest


def inputs_of(command, rest):
    """Paths that the line reads, by what they are for."""
    options, _, _ = command.make_parser(click.Context(command)).parse_args(list(rest))
    read = {
        p.name for p in command.params
        if getattr(p.type, "exists", False) or getattr(p.type, "or_path", False)
    } - {"recipe"}  # fmt: skip
    for name, value in options.items():
        given = value if isinstance(value, list | tuple) else [value]
        for text in (t for t in given if isinstance(t, str)):
            pose = text.partition("=")[2] if name == "keyframes" else text
            if name in {*read, "keyframes"} and pose not in FIGURES and not pose.isalpha():
                yield name, Path(pose)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What is made once: songs, motion clips, an evaluated folder."""
    base = tmp_path_factory.mktemp("made")
    songs = base / "songs"
    songs.mkdir()
    composed = compose(33.0, 120.0, seed=3)
    for suffix, codec in CODECS.items():
        composed.save(base / "song.wav")
        if suffix != ".wav":
            write_audio(base / f"song{suffix}", composed.samples, 24_000, codec)
    for i in range(6):
        compose(14.0, 96 + 9 * i, seed=i).save(songs / f"{i}.wav")
    write_clips(base / "motion", 10)
    save_video(base / "dancer.mkv", [painted(p) for p in swaying(12)])
    for name, size in (("a", 0.05), ("b", 0.08)):
        for part in ("dances", "songs"):
            (base / "results" / name / part).mkdir(parents=True)
        shutil.copy(base / "song.wav", base / "results" / name / "songs" / "one.wav")
        dance = on_beat(composed.beats, 9.0, size=size)
        write_poses(dance, base / "results" / name / "dances" / "one-average-0.npz")
    return base


@pytest.fixture(scope="module")
def recordings(made, replica):  # noqa: F811
    folder, music = made / "aist", made / "aist-songs"
    music.mkdir()
    for path in (replica / "keypoints3d").iterdir():
        shutil.copy(made / "songs" / "0.wav", music / f"{path.stem.split('_')[4]}.wav")
    assert main(["corpus", "aist", str(replica), "-o", str(folder), "--music", str(music)]) == 0
    return folder


@pytest.fixture(scope="module")
def corpus(made):
    folder = made / "corpus"
    arguments = ["corpus", "build", "-o", str(folder), "--motion", str(made / "motion"), "--music",
                 str(made / "songs")]  # fmt: skip
    command, _, _ = found_command(arguments)
    assert main([*arguments, *few(command)]) == 0
    return folder


def few(command):
    """Options for small counts, of those that a command has."""
    names = {p.name for p in command.params} - ({"composed"} if command.name == "stats" else set())
    return [t for n, v in FEW.items() if n in names for t in (f"--{n.replace('_', '-')}", str(v))]


def make(name, path, made, request, command):
    """Make what a command reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return
    if path.suffix in CODECS:
        shutil.copy(made / f"song{path.suffix}", path)
    elif path.suffix == ".jpg":
        Image.fromarray(painted(STANDING)).save(path, quality=100, subsampling=0)
    elif path.suffix == ".mp4":
        shutil.copy(made / "dancer.mkv", path)
    elif path.name == "results.json":
        table = {"value": 1.0, "low": 0.5, "high": 1.5, "chance": 0.0, "p": 0.01, "real": None}
        row = {"name": "mine", "metrics": {"alignment": table | {"n": 3}}, "dances": []}
        content = {"schema": 1, "hotfoot_version": "1", "command": "x", "results": [row]}
        path.write_text(json.dumps(content))
    elif path.suffix in (".json", ".npz"):
        write_poses(on_beat([0.5 * i for i in range(60)], 4.0), path)
    elif name == "songs":
        path.mkdir()
        for song in ("0.wav", "1.wav"):
            shutil.copy(made / "songs" / song, path)
    elif name == "music":
        shutil.copytree(made / "songs", path)
    elif name == "motion":
        shutil.copytree(made / "motion", path)
    elif name == "weights":
        shutil.copytree(request.getfixturevalue("weights"), path)
    elif name == "corpus":
        shutil.copytree(request.getfixturevalue("corpus"), path)
    elif name == "recordings":
        path.symlink_to(request.getfixturevalue("recordings"))  # songs are beside it
    elif name == "folders":
        shutil.copytree(made / "results" / ("a" if not list(path.parent.iterdir()) else "b"), path)
    elif name == "folder" and command == "corpus aist":
        shutil.copytree(request.getfixturevalue("replica"), path)
    elif name == "folder":
        path.mkdir()
        shutil.copy(made / "dancer.mkv", path / "dancer.mp4")
    elif name in ("source", "poses", "real", "training"):
        write_poses(walker(12), path, "folder")
    else:
        raise ValueError(f"nothing makes {path} for {name}")


def shortened(command, name, rest, request):
    """The line's arguments, with what makes it quick."""
    options, _, _ = command.make_parser(click.Context(command)).parse_args(list(rest))
    extra = few(command)
    if name in ("dance", "evaluate protocol", "bench"):
        extra += ["--model", str(request.getfixturevalue("tiny_model"))]
    if name == "dance":
        begin = float(options.get("start") or 0)
        last = max([0.0, *(float(k.partition("=")[0]) for k in options.get("keyframes") or [])])
        extra += ["--end", str(begin + last + 1.5), "--steps", "1"]
        if options.get("style"):
            extra += ["--draft", "0.5"]  # the tiny model knows no styles
    if name in ("pose", "corpus video"):
        weights = str(request.getfixturevalue("weights"))
        extra += ["--estimator", "dwpose", "--weights", weights]
    if name == "train dancer":
        rest = ["debug" if a in ("default", "base-gpu") else a for a in rest]
        extra += ["--device", "cpu", "--steps", "1", "--set", "shard_size=2"]
    return [*name.split(), *rest, *extra]


@pytest.fixture
def _quick(monkeypatch, request):
    """A protocol of one short dance; an hour of a second; a page that is not served."""
    short = {"songs": 1, "seconds": 5.0, "start_s": 0.0, "variations": 1, "held_out": False}
    for name, protocol in PROTOCOLS.items():
        monkeypatch.setitem(PROTOCOLS, name, replace(protocol, tempi=(), whole=False, **short))

    def measure(arguments):
        quick = {"dance": ["--end", "1", "--steps", "1"], "compose": ["--seconds", "3"]}
        assert main([*arguments, *quick.get(arguments[0], [])]) == 0
        return {"wall_s": 1.0, "cpu_s": 1.0, "peak_mb": 100.0}

    monkeypatch.setattr(bench, "measure", measure)
    uvicorn = pytest.importorskip("uvicorn")
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: sockets[0].close())


@pytest.mark.parametrize("line", LINES, ids=" ".join)
@pytest.mark.usefixtures("_quick")
def test_every_command_of_the_readme_runs(
    line, made, request, tmp_path, monkeypatch, capsys, unused_port
):
    monkeypatch.chdir(tmp_path)
    command, name, rest = found_command(line)
    if any(p.name in ("me.jpg", "dancer.mp4") for _, p in inputs_of(command, rest)):
        weights = request.getfixturevalue("weights")
        estimators = pytest.importorskip("hotfoot.capture.estimators")
        monkeypatch.setattr(
            "hotfoot.capture.people.make_estimator",
            lambda *_: estimators.make_estimator("dwpose", weights),
        )
    for kind, path in inputs_of(command, rest):
        make(kind, path, made, request, name)
    arguments = shortened(command, name, rest, request)
    if name == "study":
        arguments += ["--port", str(unused_port), "--seconds", "1"]
    before = {p for p in tmp_path.rglob("*") if p.is_file()}
    capsys.readouterr()
    assert main(arguments) == 0, capsys.readouterr().err
    new = {p for p in tmp_path.rglob("*") if p.is_file()} - before
    assert bool(new) == (name not in ("models", "bench", "train plan"))
    assert capsys.readouterr().out


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_the_readme_has_every_verb():
    verbs = {found_command(line)[1].split()[0] for line in LINES}
    assert verbs == set(cli.list_commands(None))
