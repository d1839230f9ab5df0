"""Blind pairs: what is shown, what is stored, what it comes to, and the page in a browser."""

import json
import shutil
import socket
import threading
from dataclasses import replace

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.errors import InputError
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import write_poses
from hotfoot.study.pairs import Pair, choose_pairs, stuttering
from hotfoot.study.votes import ASPECTS, Votes, attentive, win_rates
from tests.helpers.dancers import beats_of, on_beat

pytest.importorskip("starlette")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp("results")
    beats = beats_of(120, 2.0)
    for name, size in (("ours", 0.05), ("theirs", 0.1)):
        (base / name / "dances").mkdir(parents=True)
        (base / name / "songs").mkdir()
        for song in ("one", "two", "three"):
            compose(2.0, 120, seed=len(song)).save(base / name / "songs" / f"{song}.wav")
            poses = on_beat(beats, 2.0, size=size)
            write_poses(poses, base / name / "dances" / f"{song}-average-0.npz")
    return [base / "ours", base / "theirs"]


@pytest.fixture(scope="module")
def pairs(folders, tmp_path_factory):
    videos = tmp_path_factory.mktemp("videos")
    return choose_pairs(folders, videos, 1.0, 3, 2, seed=1)


def answers(choice):
    return dict.fromkeys(ASPECTS, choice)


def test_pairs_are_the_same_dance_by_both_and_checks_are_mixed_in(folders, pairs, tmp_path):
    assert [p.number for p in pairs] == [0, 1, 2, 3, 4]
    assert sum(p.check for p in pairs) == 2
    assert min(p.first_video.stat().st_size for p in pairs) > 1000
    for p in (p for p in pairs if not p.check):
        assert {p.first, p.second} == {"ours", "theirs"}
        assert p.first_video.name.startswith(p.first)
    again = choose_pairs(folders, pairs[0].first_video.parent, 1.0, 3, 2, seed=1)
    assert again == pairs
    sides = {
        choose_pairs(folders, pairs[0].first_video.parent, 1.0, 1, 0, seed=s)[0].first
        for s in range(12)
    }
    assert sides == {"ours", "theirs"}


def test_a_broken_dance_stands_and_jumps():
    poses = on_beat(beats_of(120, 4.0), 4.0)
    step = np.abs(np.diff(stuttering(poses).keypoints[:, 4, 0]))
    assert (step == 0).mean() > 0.9
    assert step.max() > 3 * np.abs(np.diff(poses.keypoints[:, 4, 0])).max()


def test_folders_that_cannot_be_compared(folders, tmp_path):
    with pytest.raises(InputError, match="two or more"):
        choose_pairs(folders[:1], tmp_path / "v", 1, 3, 0, 0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no dances"):
        choose_pairs([folders[0], tmp_path / "empty"], tmp_path / "v", 1, 3, 0, 0)


def test_votes_are_counted_whatever_side_they_were_on(tmp_path):
    votes = Votes(tmp_path / "v.sqlite")
    nowhere = tmp_path / "x.mp4"
    for i in range(12):
        pair = Pair(i, f"d{i}", "ours", "theirs", nowhere, nowhere)
        if i % 2:
            pair = replace(pair, first="theirs", second="ours")
        ours = "second" if i % 2 else "first"
        theirs = "first" if i % 2 else "second"
        choice = ours if i < 9 else theirs if i < 11 else "same"
        votes.add("ann", pair, answers(choice))
    rates = {r.aspect: r for r in win_rates(votes.rows())}
    assert set(rates) == set(ASPECTS)
    r = rates["rhythm"]
    assert (r.first, r.second, r.wins, r.losses, r.same) == ("ours", "theirs", 9, 2, 1)
    assert r.rate == pytest.approx(9.5 / 12)
    # Wilson, 9 of 11: center (p + z^2/2n) / (1 + z^2/n), and its half width.
    z, n, p = 1.959964, 11, 9 / 11
    center = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert (r.low, r.high) == pytest.approx((center - half, center + half), abs=1e-6)
    assert r.p == pytest.approx(134 / 2048, abs=1e-6)


def test_a_second_vote_replaces_the_first_and_half_a_vote_is_refused(tmp_path):
    votes = Votes(tmp_path / "v.sqlite")
    pair = Pair(0, "d", "a", "b", tmp_path, tmp_path)
    votes.add("ann", pair, answers("first"))
    votes.add("ann", pair, answers("second"))
    assert [r.wins for r in win_rates(votes.rows())] == [0] * len(ASPECTS)
    with pytest.raises(InputError):
        votes.add("ann", pair, {"rhythm": "first"})
    with pytest.raises(InputError):
        votes.add("ann", pair, answers("both"))
    assert len(votes.rows()) == len(ASPECTS)
    (tmp_path / "other").write_text("this is not a database, and longer than a header is")
    with pytest.raises(InputError, match="votes"):
        Votes(tmp_path / "other")


def test_raters_who_do_not_look_are_left_out(tmp_path):
    votes = Votes(tmp_path / "v.sqlite")
    check = Pair(1, "d", "", "", tmp_path, tmp_path, check=True)
    pair = Pair(0, "d", "a", "b", tmp_path, tmp_path)
    for rater, seen in (("ann", "first"), ("bob", "second")):
        votes.add(rater, check, answers(seen))
        votes.add(rater, pair, answers("first" if rater == "ann" else "second"))
    assert attentive(votes.rows()) == {"ann"}
    assert all(r.wins == 1 and r.losses == 0 for r in win_rates(votes.rows()))


def test_the_server_hides_who_dances_and_stores_what_was_meant(pairs, tmp_path):
    from starlette.testclient import TestClient

    from hotfoot.study.server import study_app

    votes = Votes(tmp_path / "v.sqlite")
    client = TestClient(study_app(pairs, votes), base_url="http://127.0.0.1:8765")
    page = client.get("/").text
    assert "ours" not in page
    assert "theirs" not in page
    for pair in pairs:
        left = client.get(f"/video/{pair.number}/left")
        assert left.headers["content-type"] == "video/mp4"
        whole_left = left.content == pair.first_video.read_bytes()
        side = "left" if whole_left else "right"
        body = {"rater": "ann", "answers": answers(side)}
        assert client.post(f"/vote/{pair.number}", json=body).json() == {"saved": True}
    rows = votes.rows()
    assert attentive(rows) == {"ann"}
    assert client.get("/video/99/left").status_code == 404
    assert client.post("/vote/99", json={}).status_code == 404
    for bad in ({}, {"rater": "", "answers": answers("left")}, {"rater": "x", "answers": {}}):
        assert client.post("/vote/0", json=bad).status_code == 400
    typed = {"content-type": "application/json"}
    assert client.post("/vote/0", content=b"{", headers=typed).status_code == 400
    assert votes.rows() == rows
    good = json.dumps({"rater": "eve", "answers": answers("left")})
    text = {"content-type": "text/plain"}
    assert client.post("/vote/0", content=good, headers=text).status_code == 415
    away = {"content-type": "application/json", "origin": "http://elsewhere.example"}
    assert client.post("/vote/0", content=good, headers=away).status_code == 403
    odd = {"rater": "\ud800", "answers": answers("left")}
    assert client.post("/vote/0", content=json.dumps(odd),
                       headers={"content-type": "application/json"}).status_code == 200  # fmt: skip


@pytest.mark.parametrize(
    ("served_at", "host", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8765", 200),
        ("127.0.0.1", "localhost", 200),
        ("127.0.0.1", "LOCALHOST:1", 200),
        ("127.0.0.1", "[::1]:8765", 200),
        ("127.0.0.1", "evil.example", 400),
        ("127.0.0.1", "evil.example:8765", 400),
        ("127.0.0.1", "127.0.0.1.evil.example", 400),
        ("127.0.0.1", "127.0.0.1@evil.example", 400),
        ("127.0.0.1", "192.168.0.7", 400),
        ("127.0.0.1", "[::2]", 400),
        ("127.0.0.1", "[", 400),
        ("127.0.0.1", "", 400),
        ("::1", "[::1]:8765", 200),
        ("192.168.0.7", "192.168.0.7:8765", 200),
        ("192.168.0.7", "192.168.0.8:8765", 400),
        ("Studio.lan", "studio.lan:8765", 200),
        ("0.0.0.0", "192.168.0.7:8765", 200),
        ("0.0.0.0", "[fe80::7]:8765", 200),
        ("0.0.0.0", "evil.example", 400),
    ],
)
def test_only_requests_for_this_host_are_answered(served_at, host, status, pairs, tmp_path):
    from starlette.testclient import TestClient

    from hotfoot.study.server import study_app

    votes = Votes(tmp_path / "v.sqlite")
    client = TestClient(study_app(pairs, votes, served_at))
    headers = {"host": host}
    body = {"rater": "ann", "answers": answers("left")}
    assert client.get("/", headers=headers).status_code == status
    assert client.get("/video/0/left", headers=headers).status_code == status
    assert client.post("/vote/0", json=body, headers=headers).status_code == status
    assert len(votes.rows()) == (len(ASPECTS) if status == 200 else 0)


def test_two_hosts_are_none(pairs, tmp_path):
    from starlette.testclient import TestClient

    from hotfoot.study.server import study_app

    client = TestClient(study_app(pairs, Votes(tmp_path / "v.sqlite")))
    both = [("host", "127.0.0.1"), ("host", "evil.example")]
    assert client.get("/", headers=both).status_code == 400


def test_counting_on_the_command_line(tmp_path, capsys):
    votes = Votes(tmp_path / "v.sqlite")
    votes.add("ann", Pair(0, "d", "a", "b", tmp_path, tmp_path), answers("first"))
    assert main(["study", "--votes", str(votes.path), "--count", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["raters"] == 1
    assert found["win_rates"][0]["wins"] == 1
    assert main(["study", "--votes", str(tmp_path / "none.sqlite"), "--count"]) == 2
    assert main(["study", str(tmp_path), "--votes", str(votes.path)]) == 2
    assert main(["study", "--votes", str(votes.path), "--port", "0"]) == 2
    import sqlite3

    with sqlite3.connect(tmp_path / "other.sqlite") as db:
        db.execute("CREATE TABLE votes (x)")
    assert main(["study", "--votes", str(tmp_path / "other.sqlite"), "--count"]) == 2


def test_a_busy_port_is_told_before_anything_is_rendered(folders, tmp_path, capsys):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        arguments = ["study", *map(str, folders), "--votes", str(tmp_path / "v.sqlite")]
        assert main([*arguments, "--port", str(port)]) == 2
    assert "--port" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.mp4"))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser here")
def test_a_rater_goes_through_the_study_in_a_browser(pairs, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    import uvicorn

    from hotfoot.study.server import study_app

    votes = Votes(tmp_path / "v.sqlite")
    server = uvicorn.Server(
        uvicorn.Config(study_app(pairs, votes), log_level="error", lifespan="off")
    )
    listener = socket.create_server(("127.0.0.1", 0))  # who comes before the server waits
    port = listener.getsockname()[1]
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip
    try:
        with sync_api.sync_playwright() as p:
            browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
            page = browser.new_page()
            problems = []
            page.on("pageerror", lambda e: problems.append(str(e)))
            page.goto(f"http://127.0.0.1:{port}/")
            page.fill("#rater", "ann")
            page.keyboard.press("Enter")
            for number in range(len(pairs)):
                page.wait_for_function(
                    f"document.querySelector('#number').textContent=='{number + 1}'"
                )
                page.wait_for_function("document.querySelector('#left').readyState >= 2")
                assert page.is_disabled("#next"), "not before every question is answered"
                page.click("#play")
                for aspect in ASPECTS:
                    page.check(f"input[name={aspect}][value=left]")
                page.click("#next")
            page.wait_for_selector("#end:not([hidden])")
            browser.close()
    finally:
        server.should_exit = True
        thread.join(timeout=10)
    assert problems == []
    assert len(votes.rows()) == len(pairs) * len(ASPECTS)
