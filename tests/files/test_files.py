"""One atomic writer, and one way to claim and resume a folder of results."""

import json

import pytest

from hotfoot.errors import InputError, OutputError, PoseError
from hotfoot.files import RunFolder, reading, removing_parts, replacing, save_bytes, save_text


def everything(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*")
            if p.is_file()}  # fmt: skip


def interrupted(path, error, folder=False):
    with replacing(path, folder) as temporary:
        (temporary / "b.txt" if folder else temporary).write_text("half")
        raise error


def test_what_is_damaged_is_an_error_that_names_the_file():
    with pytest.raises(PoseError, match=r"^a\.pkl is damaged \(no end\)\nCopy it again\.$"):
        with reading("a.pkl", "is damaged", "Copy it again.", PoseError):
            raise EOFError("no end")
    with pytest.raises(PoseError, match=r"^a\.pkl: no frame\nGive one\.$"):
        with reading("a.pkl", "is damaged", "Copy it again.", PoseError):
            raise InputError("no frame", "Give one.")


@pytest.mark.parametrize("folder", [False, True])
def test_a_failed_write_keeps_what_was_there(tmp_path, folder):
    path = tmp_path / "out.npz"
    with replacing(path, folder) as temporary:
        (temporary / "a.txt" if folder else temporary).write_text("before")
    before = everything(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        interrupted(path, KeyboardInterrupt, folder)
    assert everything(tmp_path) == before
    with replacing(path, folder) as temporary:
        (temporary / "b.txt" if folder else temporary).write_text("after")
    assert b"after" in everything(tmp_path).values()
    assert b"before" not in everything(tmp_path).values()


def test_a_folder_of_the_user_is_not_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").write_bytes(b"dear")
    with pytest.raises(OutputError, match="not written by hotfoot"):
        with replacing(tmp_path / "mine", folder=True):
            pass
    assert everything(tmp_path) == {"mine/photo.jpg": b"dear"}


def test_a_full_disk_is_the_users_error(tmp_path):
    with pytest.raises(OutputError, match=r"a\.json cannot be written \(no space"):
        interrupted(tmp_path / "a.json", OSError(28, "no space left on device"))
    assert not everything(tmp_path)


def test_text_is_utf8_and_folders_are_made(tmp_path):
    save_text(tmp_path / "a" / "b" / "é.txt", "Ä\n")
    save_bytes(tmp_path / "c" / "d.bin", b"\0\1")
    assert everything(tmp_path) == {"a/b/é.txt": "Ä\n".encode(), "c/d.bin": b"\0\1"}
    with pytest.raises(OutputError, match="cannot be made"):
        save_text(tmp_path / "c" / "d.bin" / "e.txt", "")


def test_parts_of_killed_writers_are_removed(tmp_path):
    (tmp_path / "sub" / ".x.12.part").mkdir(parents=True)
    (tmp_path / ".y.12.part.npz").touch()
    (tmp_path / "part.npz").touch()
    with removing_parts(tmp_path):
        pass
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["part.npz", "sub"]


MADE_FROM = {"fps": 30.0, "style": None, "net": {"width": 16, "sides": (1, 2)}, "data": "a" * 64}


def test_a_folder_is_claimed_once_and_resumed(tmp_path):
    folder = RunFolder(tmp_path / "new" / "run", "training", MADE_FROM)
    assert not folder.check()
    assert not (tmp_path / "new").exists()
    assert not folder.claim()
    assert not folder.claim()
    save_text(folder.path / "result.txt", "one")
    before = everything(tmp_path)
    assert folder.check()
    assert folder.claim()
    assert everything(tmp_path) == before
    assert json.loads(before["new/run/run.json"])["kind"] == "training"


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"fps": 60.0}, "fps (30.0, now 60.0)"),
        ({"data": "b" * 64}, "of data"),
        ({"net": {"width": 32, "sides": (1, 2)}}, "net.width (16, now 32)"),
        ({"net": {"width": 16, "sides": (2, 2)}}, "net.sides ([1, 2], now [2, 2])"),
        ({"net": {}}, "net.width (16, now nothing)"),
        ({"style": "house", "seed": 1}, 'style (null, now "house"); seed (nothing, now 1)'),
    ],
)
def test_another_origin_is_refused_by_name(tmp_path, changes, names):
    RunFolder(tmp_path, "training", MADE_FROM).claim()
    save_text(tmp_path / "result.txt", "one")
    before = everything(tmp_path)
    for call in (RunFolder.check, RunFolder.claim):
        with pytest.raises(OutputError) as error:
            call(RunFolder(tmp_path, "training", MADE_FROM | changes))
        assert names in error.value.message
        assert error.value.hint
    assert everything(tmp_path) == before


def test_what_is_not_ours_is_never_touched(tmp_path):
    folder = RunFolder(tmp_path / "mine", "corpus", MADE_FROM)
    save_text(tmp_path / "mine" / "photo.jpg", "dear")
    with pytest.raises(OutputError, match="something else than corpus"):
        folder.claim()
    assert everything(tmp_path) == {"mine/photo.jpg": b"dear"}
    save_text(tmp_path / "file", "dear")
    with pytest.raises(OutputError, match="is a file"):
        RunFolder(tmp_path / "file", "corpus", MADE_FROM).claim()


def test_another_kind_is_refused(tmp_path):
    RunFolder(tmp_path, "corpus", MADE_FROM).claim()
    save_text(tmp_path / "result.txt", "one")
    with pytest.raises(OutputError, match="holds corpus results, not training"):
        RunFolder(tmp_path, "training", MADE_FROM).claim()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"kind": "corpus"}', '{"kind": "corpus", "made_from": 3}', "\xff"],
)
def test_a_damaged_record_is_refused(tmp_path, text):
    (tmp_path / "run.json").write_bytes(text.encode("latin-1"))
    save_text(tmp_path / "result.txt", "one")
    with pytest.raises(OutputError, match="does not say"):
        RunFolder(tmp_path, "corpus", MADE_FROM).claim()


def test_a_claim_that_was_killed_can_be_repeated(tmp_path):
    (tmp_path / ".run.77.part.json").write_text("{")
    assert not RunFolder(tmp_path, "corpus", MADE_FROM).claim()
    assert json.loads((tmp_path / "run.json").read_text())["kind"] == "corpus"


def test_a_claim_without_results_does_not_bind(tmp_path):
    RunFolder(tmp_path, "corpus", MADE_FROM).claim()
    RunFolder(tmp_path, "corpus", {"fps": 60.0}).claim()
    assert json.loads((tmp_path / "run.json").read_text())["made_from"] == {"fps": 60.0}
