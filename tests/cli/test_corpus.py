import json

from hotfoot.choreography.arrange import STYLES
from hotfoot.cli.main import main
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import read_poses


def test_choreograph(tmp_path, capsys):
    wav, out = str(tmp_path / "song.wav"), tmp_path / "dance.npz"
    compose(20.0, 120.0).save(tmp_path / "song.wav")
    assert main(["corpus", "choreograph", wav, "-o", str(out), "--end", "12", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["frames"] == 360 == len(read_poses(out))
    assert found["moves"]
    assert main(["corpus", "choreograph", wav, "-o", str(out), "--style", "polka"]) == 2
    assert "polka" in capsys.readouterr().err
    assert main(["corpus", "choreograph", wav, "-o", str(out), "--seed", "-1"]) == 2


def test_what_is_in_a_corpus(training_data, tmp_path, capsys):
    arguments = ["corpus", "stats", "--motion", str(training_data / "motion"), "--music",
                 str(training_data / "music"), "--samples", "16", "--composed", "0", "--json"]  # fmt: skip
    assert main([*arguments, "--plot", str(tmp_path / "c.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["samples"] == 16 == sum(found["styles"].values())
    assert 0.1 < found["procedural"] < 0.7
    assert set(found["styles"]) & set(STYLES)
    assert 50 < found["tempo_bpm"]["p5"] < found["tempo_bpm"]["p95"] < 260
    assert 0.3 < found["size"]["p50"] < 1
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"
    assert main([*arguments, "--procedural", "1", "--samples", "6"]) == 0
    assert set(json.loads(capsys.readouterr().out)["styles"]) <= set(STYLES)
    assert main([*arguments, "--procedural", "2"]) == 2
    assert main([*arguments, "--plot", str(tmp_path / "c.jpg")]) == 2
