from hotfoot.benchmark.run import PROTOCOLS, Protocol, tasks
from hotfoot.music.synthesis import compose


def test_protocol_tasks_are_held_out_songs_and_composed_ones(tmp_path):
    songs, made = tmp_path / "songs", tmp_path / "made"
    songs.mkdir()
    for i in range(200):
        (songs / f"{i:03d}.mp3").write_bytes(b"x")
    chosen = tasks(PROTOCOLS["standard"], songs, made)
    names = sorted({t.song.stem for t in chosen})
    assert len(names) == 20
    assert all(int(s) % 6 == 3 for s in names)
    assert len(chosen) == 20
    dances = [n for t in chosen for n in t.names]
    assert len(set(dances)) == len(dances) == 20 * 2
    assert not made.exists()
    small = Protocol(songs=4, seconds=3.0, start_s=1.0, tempi=(1.25,), held_out=False)
    for p in songs.iterdir():
        p.unlink()
    (songs / "one.mp3").write_bytes(b"x")
    few = tasks(small, songs, made)
    assert [t.song.stem for t in few[::2]] == ["one", "composed-78", "composed-109", "composed-152"]
    assert tasks(small, songs, made) == few


def test_a_protocol_for_long_dances_leaves_out_songs_that_end_before(tmp_path):
    for seconds in (3, 6):
        compose(seconds, 100, seed=0).save(tmp_path / f"of-{seconds}.wav")
    long = Protocol(songs=2, seconds=4.0, start_s=1.0, held_out=False, whole=True)
    found = [t.song.stem for t in tasks(long, tmp_path, tmp_path / "made")]
    assert found == ["of-6", "composed-109"]
