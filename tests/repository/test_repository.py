"""The repository keeps its own rules; README's commands and snippets run."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hotfoot.cli.main import cli
from hotfoot.render.presets import PRESETS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


# Absolute paths of machines, and hosts of packages.
FORBIDDEN = re.compile(
    r"(?<![\w.])/(root|work|home)/|\bpypi\.org|pythonhosted\.|download\.pytorch\b"
)


def test_the_rule_finds_what_it_forbids():
    for parts in (("", "root", "x"), ("", "work", "x"), ("", "home", "me")):
        assert FORBIDDEN.search("see " + "/".join(parts))
    assert FORBIDDEN.search("https://" + ".".join(("pypi", "org")))
    assert not FORBIDDEN.search("../shared/data and src/work/x")


def tracked():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode or not done.stdout:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split() if (ROOT / name).is_file()]


def test_no_machine_paths_no_host_addresses_no_pickles():
    paths = tracked()
    assert not {p.suffix for p in paths} & {".pkl", ".pt", ".pth", ".ckpt"}
    kinds = (".py", ".md", ".toml", ".txt", ".json", "")
    texts = [p for p in paths if p.suffix in kinds and p.name != "LICENSE"]
    assert len(texts) > 100
    for path in texts:
        found = FORBIDDEN.search(path.read_text(errors="ignore"))
        assert found is None, (path, found)


def test_the_readmes_two_commands_are_make_targets():
    assert re.search(r"^    make dance", README, re.M) or "make dance\n" in README
    assert "make test" in README
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^dance:", makefile, re.M)
    assert re.search(r"^test:", makefile, re.M)
    ci = (ROOT / ".ci" / "run").read_text()
    assert "make test" in ci
    assert "make dance" in ci


PAGES = [
    p
    for folder in (
        ".",
        "docs",
        "docs/results",
        "src/hotfoot/models/default",
        "src/hotfoot/models/drafted",
    )
    for p in sorted((ROOT / folder).glob("*.md"))
    if p.name != "experiments.md"  # a log: names of their day
]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_commands_and_options_that_documents_show_exist(page):
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"^ {4}hotfoot ([^#\n]+)", text, re.M)
    shown += re.findall(r"`hotfoot ([^`]+)`", text)
    for line in shown:
        command, words = cli, line.split()
        while isinstance(command, click.Group) and words and words[0][0].islower():
            command = command.get_command(click.Context(command), words.pop(0))
            assert command is not None, line
        known = {o for p in command.params for o in p.opts} | {"--help", "--version"}
        assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(words))) <= known, line


def test_the_table_of_presets_is_that_of_the_code():
    text = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1:-1] for row in text.splitlines() if row.startswith("| `")]
    told = {r[0].strip(" `"): (float(r[2]), "blue" in r[5], "n + 1" in r[4]) for r in rows}
    assert told == {
        name: (p.fps, p.style.order == "blue", p.lengths[1] == 1) for name, p in PRESETS.items()
    }


def test_files_that_documents_name_exist():
    named = {
        (page.name, name)
        for page in PAGES
        for name in re.findall(r"`((?:\w+/)+\w+\.py)`", page.read_text(encoding="utf-8"))
    }
    assert len(named) > 30
    homes = (ROOT, ROOT / "src" / "hotfoot")
    assert not [n for n in named if not any((home / n[1]).exists() for home in homes)]


def test_the_readmes_python_runs(tmp_path, song, tiny_model):
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert blocks
    (tmp_path / "song.mp3").write_bytes(song.read_bytes())
    code = "\n".join(blocks).replace("seed=1", f"seed=1, end=2.0, model={str(tiny_model)!r}")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dance.mp4").exists()


def test_links_between_documents_lead_somewhere():
    for path in [*PAGES, ROOT / "docs" / "experiments.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), (path.name, target)
