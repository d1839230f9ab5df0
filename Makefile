# make dance [SONG=path]   sets up, dances (to a composed song without SONG), says where the video is
# make test                sets up what tests need, passes them
# make check               format, lint, types, import contracts
# make docs                the API reference, from docstrings, in site/
# make notebook            runs the notebook again and keeps what it shows
# make bench               speed and memory on this machine

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SONG ?=
OUT ?= out

.PHONY: dance test check docs notebook bench clean

dance: $(VENV)/.installed
	@mkdir -p $(OUT)
	@$(BIN)/hotfoot dance $(if $(SONG),"$(SONG)") -o $(OUT)/dance.mp4 -o $(OUT)/dance.npz -o $(OUT)/dance.png
	@echo "the dance video is $(OUT)/dance.mp4"

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check src tests docs
	$(BIN)/ruff check src tests docs
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.installed-docs
	$(BIN)/python docs/reference.py site

notebook: $(VENV)/.installed-docs
	$(BIN)/jupyter execute --inplace docs/notebooks/first_dance.ipynb

bench: $(VENV)/.installed
	$(BIN)/hotfoot bench

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Their own dependencies (numpy 1, three OpenCVs) are left out; the extra "pose" has what they need.
ESTIMATORS := mediapipe==0.10.21 rtmlib

# torch is a range that admits a CPU build; pip takes one where it is at hand (find-links, an
# installed one). See the README for machines where it would fetch CUDA libraries instead.
$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(ESTIMATORS) \
		|| echo "no pose estimators for this Python; their tests skip"
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]"
	@touch $@

clean:
	rm -rf $(VENV) $(OUT) build dist site
