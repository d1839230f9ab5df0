"""Rules that code and tests keep: short files and functions, assertions that are always made."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {p.relative_to(ROOT).as_posix(): p.read_text() for p in ROOT.glob("src/**/*.py")}
TESTS = {p.relative_to(ROOT).as_posix(): p.read_text() for p in ROOT.glob("tests/**/*.py")}
TABLES = {"src/hotfoot/choreography/moves.py"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Words of our own for what the field has names for, or that say nothing.
PRIVATE_WORDS = re.compile(r"\b(wish|wishes|chanced|temper|tastes?|somebody|gone on with)\b", re.I)


def long_functions(text, lines=60, parameters=8):
    """Names of functions that are too long or take too much; click's commands may take more."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, FUNCTIONS):
            names = [
                a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            ]
            command = any("option" in ast.unparse(d) for d in node.decorator_list)
            much = len(names) > parameters and not command
            if much or node.end_lineno - node.lineno >= lines:
                yield node.name


def faults(tree, behind_if=False):
    """Lines with an assertion behind an ``if``, or a sleep."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Assert) and behind_if:
            yield node.lineno
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "sleep":
            yield node.lineno
        inside = isinstance(node, ast.If) or (behind_if and not isinstance(node, FUNCTIONS))
        yield from faults(node, inside)


def test_the_rules_find_what_they_forbid():
    body = "\n    pass" * 60
    assert list(long_functions(f"def f():{body}")) == ["f"]
    assert not list(long_functions(f"def f():{body[9:]}"))
    assert list(long_functions("def f(a, b, c, d, e, f, *, g, h, i): pass")) == ["f"]
    assert not list(long_functions("@click.option('a')\ndef f(a, b, c, d, e, f, g, h, i): pass"))
    assert list(faults(ast.parse("if x:\n    for y in x:\n        assert y"))) == [3]
    assert list(faults(ast.parse("import time\ntime.sleep(1)"))) == [2]
    assert not list(faults(ast.parse("if x:\n    def test():\n        assert x")))


def test_files_and_functions_are_short():
    assert len(SOURCES) > 100
    long = {path: text.count("\n") for path, text in SOURCES.items() if path not in TABLES}
    assert not {path: lines for path, lines in long.items() if lines > 300}
    functions = {path: list(long_functions(text)) for path, text in SOURCES.items()}
    assert not {path: names for path, names in functions.items() if names}


def test_no_assertion_is_behind_an_if_and_no_test_sleeps():
    assert len(TESTS) > 30
    found = {path: list(faults(ast.parse(text))) for path, text in TESTS.items()}
    assert not {path: lines for path, lines in found.items() if lines}


def test_the_terms_of_the_field_are_used():
    found = {path: PRIVATE_WORDS.findall(text) for path, text in SOURCES.items()}
    assert not {path: words for path, words in found.items() if words}


def test_the_pipeline_fits_on_a_screen_and_asks_no_generator_what_it_is():
    text = SOURCES["src/hotfoot/generation/pipeline.py"]
    assert not re.search(r"\b(isinstance|hasattr|getattr)\(", text)
    assert text.count("\n") <= 200
