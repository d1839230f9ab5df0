"""The notebook was executed, shows what it says, and its cells run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "first_dance.ipynb"
CELLS = json.loads(PATH.read_text(encoding="utf-8"))["cells"]
CODE = [c for c in CELLS if c["cell_type"] == "code"]


def test_it_was_executed_from_first_to_last_without_errors():
    assert [c["execution_count"] for c in CODE] == list(range(1, len(CODE) + 1))
    outputs = [o for c in CODE for o in c["outputs"]]
    assert {o["output_type"] for o in outputs} == {"stream", "execute_result"}
    assert {o.get("name", "stdout") for o in outputs} == {"stdout"}
    assert sum("image/png" in o.get("data", {}) for o in outputs) == 5


def test_it_is_small_and_names_no_folder_of_the_machine_that_ran_it():
    text = PATH.read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    assert not [folder for folder in ("tmp", "root", "home", "work") if f"/{folder}/" in text]


@pytest.mark.slow
def test_its_cells_run_with_a_short_song_and_a_tiny_model(tmp_path, tiny_model):
    code = "\n".join("".join(c["source"]) for c in CODE)
    for line, quick in (
        ("SECONDS = 16", "SECONDS = 5.5"),
        ("load_generator()", f"load_generator({str(tiny_model)!r})"),
        # The tiny model begins without a draft, and knows no styles by itself.
        ("import hotfoot\n", "import hotfoot\nfrom functools import partial\n"
         "hotfoot.dance = partial(hotfoot.dance, draft=0.7)\n"),
    ):  # fmt: skip
        assert line in code
        code = code.replace(line, quick, 1)
    code = code.replace("end=6.0", "end=4.0")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())
