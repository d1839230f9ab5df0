"""End to end with the weights that ship."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.errors import OptionError
from hotfoot.generation.beat_lock import lock_to_beats, sync_score
from hotfoot.generation.generator import load_generator
from hotfoot.generation.options import DanceOptions
from hotfoot.generation.pipeline import condition, dance, generate
from hotfoot.model.checkpoint import model_folder
from hotfoot.music.analysis import analyze_song
from hotfoot.music.synthesis import compose
from hotfoot.pose.references import figure_pose
from hotfoot.pose.skeletons import BODY18_LIMBS


@pytest.fixture(scope="module")
def model():
    return load_generator()


@pytest.fixture(scope="module")
def long_dance(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("s") / "song.wav"
    compose(26.0, 118.0, seed=3, style="house").save(path)
    return dance(path, model=model, seed=1)


def test_the_default_model_is_small_and_has_a_card():
    folder = model_folder("default")
    assert sum(p.stat().st_size for p in folder.iterdir()) < 60e6
    card = (folder / "README.md").read_text()
    for word in ("mocap.cs.cmu.edu", "Experiential Technologies", "CC BY 4.0", "AnimatedDrawings",
                 "RAM Dance Toolkit", "synthetic", "no hands"):  # fmt: skip
        assert word in card, word


def test_a_song_becomes_a_dance_of_its_length(long_dance):
    assert len(long_dance.poses) == 780
    assert len(long_dance.seams) == 3
    seen = long_dance.poses.confidence > 0
    assert seen[:, 1:14].mean() > 0.95, "the body is seen"


def test_people_stay_in_the_picture_and_in_one_piece(long_dance):
    poses = long_dance.poses
    seen = poses.confidence > 0
    inside = ((poses.normalized >= 0) & (poses.normalized <= 1)).all(axis=-1)
    assert inside[seen].mean() >= 0.99
    reference = figure_pose("average").keypoints[0]
    for a, b in BODY18_LIMBS[:12]:
        both = seen[:, a] & seen[:, b]
        length = np.linalg.norm(poses.keypoints[both, a] - poses.keypoints[both, b], axis=-1)
        allowed = np.linalg.norm(reference[a] - reference[b])
        assert np.percentile(length, 95) < 2.0 * allowed + 25, (a, b)


def test_they_move_but_do_not_twitch(long_dance):
    xy = long_dance.poses.normalized[:, 1:14]
    speed = np.abs(np.diff(xy, axis=0)).mean()
    shake = np.abs(np.diff(xy, 2, axis=0)).mean()
    assert 0.0008 < speed < 0.02
    assert shake < 1.2 * speed


def test_seams_are_no_jumps(long_dance):
    acceleration = np.abs(np.diff(long_dance.poses.normalized[:, 1:14], 2, axis=0)).max(axis=(1, 2))
    at = [f for s in long_dance.seams for f in range(s - 2, s + 1)]
    inside = np.delete(acceleration, at)
    assert acceleration[at].max() <= np.percentile(inside, 99.5) * 1.5


def test_two_seeds_dance_differently(model, long_dance):
    other = dance(long_dance.song.path, model=model, seed=2, end=8.0)
    n = len(other.poses)
    gap = np.abs(other.poses.normalized - long_dance.poses.normalized[:n])[:, 1:14].mean()
    assert gap > 0.01


def test_the_command_line_with_default_weights(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["compose", "s.wav", "--bpm", "100", "--seconds", "5"]) == 0
    assert main(["dance", "s.wav", "-o", "d.npz", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out.splitlines()[-1])["dances"]
    assert (result["files"][0]["frames"], result["model"]) == (150, load_generator().config.name)
    assert Path("d.npz").exists()


def test_a_style_that_drafts_do_not_know_is_not_passed_over_in_silence(long_dance):
    made = dance(long_dance.song.path, model="drafted", style="jazz", end=2.0)
    assert any("the draft is danced freestyle" in w for w in made.warnings)


def test_a_style_of_drafts_brings_one(model, long_dance):
    made = dance(long_dance.song.path, model=model, style="latin", end=4.0, steps=4)
    assert made.metadata.choreography
    plain = dance(long_dance.song.path, model=model, draft=0.0, end=4.0, steps=4)
    assert not plain.metadata.choreography
    with pytest.raises(OptionError, match="style is 'polka'"):
        dance(long_dance.song.path, model=model, style="polka", end=4.0)


def test_the_network_hears_the_music(model, long_dance):
    """From noise, without retiming: on the beat, and another dance where there is no music."""
    assert "beat-lock" not in model.config.sampling.post
    free = dance(long_dance.song.path, model=model, seed=1, draft=0.0)
    assert sync_score(free.poses, free.beats) > 0.1
    analysis = analyze_song(long_dance.song)
    plan = model.plan(256)
    asked = DanceOptions()
    pose = figure_pose("average")
    made = []
    for zeroed in (False, True):
        conditions = condition(model, long_dance.song, analysis, plan, pose, asked)
        if zeroed:
            conditions = replace(conditions, tokens=np.zeros_like(conditions.tokens))
        made.append(generate(model, conditions, plan, asked.sampling(model.config)).xy[0])
    moved = np.sqrt(((made[0] - made[1]) ** 2).mean())
    assert moved > 0.5 * made[0].std(axis=0).mean()


def test_beat_lock_puts_a_dance_on_the_beat(long_dance):
    song = long_dance.song.path
    plain = dance(song, model="drafted", end=13.0, post=("flicker", "smoothing"), draft=0.0)
    locked, _ = lock_to_beats(plain.poses, plain.beats)
    before, after = (sync_score(poses, plain.beats) for poses in (plain.poses, locked))
    assert after > 0.2
    assert after > before + 0.1
