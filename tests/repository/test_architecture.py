"""The picture in docs/architecture.md, the import contract and the imports say the same."""

import re
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "hotfoot"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = re.search(r"```mermaid\n(.*?)```", TEXT, re.S).group(1)
FRAMES = re.findall(r"subgraph \w+\[.*?\]\n(.*?)\n\s+end\n", PICTURE, re.S)
LAYERS = [set(re.findall(r"^\s+(\w+)\[", frame, re.M)) for frame in FRAMES]
ARROWS = set(re.findall(r"^\s+(\w+) --> (\w+)$", PICTURE, re.M))
DRAWN = set().union(*LAYERS)


def contract():
    """Layers of the contract that hold packages, lowest first."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = config["tool"]["importlinter"]["contracts"][0]["layers"]
    split = [{name.strip().removeprefix("hotfoot.") for name in row.split("|")} for row in layers]
    return [row for row in reversed(split) if any((PACKAGE / name).is_dir() for name in row)]


@pytest.fixture(scope="module")
def imports():
    """Pairs (used, user) of packages, those that others imply left out."""
    graph = grimp.build_graph("hotfoot")
    users = {name: set() for name in DRAWN}
    for module in graph.modules:
        user = [*module.split("."), ""][1]
        for used in graph.find_modules_directly_imported_by(module):
            name = [*used.split("."), ""][1]
            if name in DRAWN and user in DRAWN and name != user:
                users[name].add(user)

    def reached(name):
        return users[name].union(*(reached(user) for user in users[name]))

    return {
        (name, user)
        for name in DRAWN
        for user in users[name]
        if not any(user in reached(other) for other in users[name] - {user})
    }


def test_layers_of_the_picture_are_those_of_the_contract():
    assert contract() == LAYERS


def test_every_package_is_drawn_once():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == DRAWN
    assert sum(map(len, LAYERS)) == len(packages)


def test_arrows_of_the_picture_are_the_imports(imports):
    assert imports == ARROWS


def test_arrows_go_down():
    layer = {name: i for i, names in enumerate(LAYERS) for name in names}
    assert all(layer[used] < layer[user] for used, user in ARROWS)


def test_the_table_names_every_module_of_every_package():
    table = TEXT[TEXT.index("## Packages") :]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", table, re.M)
    named = {package: set(re.findall(r"`(\w+)`", modules)) for package, modules in rows}
    assert named == {
        package: {p.stem for p in (PACKAGE / package).glob("*.py")} - {"__init__"}
        for package in DRAWN
    }


def test_every_file_that_the_page_names_is_there():
    named = set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|toml))?|[a-z]+\.py)`", TEXT))
    assert len(named) > 30
    missing = [name for name in named if not any((r / name).exists() for r in (PACKAGE, ROOT))]
    assert not missing
