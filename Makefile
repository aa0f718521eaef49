# One virtual environment, created if missing and updated when pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The suite waits for other processes half of the time: use one worker more than there are cores, at most five.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 5))')
# By default OpenMP threads spin at barriers, which slows down other processes on a small machine.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: run install test check format screenshots bench bench-terminal record figures pictures-check torture clean

run: install ## open the app
	@$(BIN)/mnist-tui

install: $(VENV)/installed ## install only

test: $(VENV)/installed-dev ## the whole test suite
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/installed-dev ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/installed-dev ## format the code and fix lint
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: $(VENV)/installed-dev ## regenerate the screenshots of the documentation
	@TEXTUAL_COLOR_SYSTEM=truecolor $(BIN)/python -m benchmarks.screenshots docs/pictures

bench-terminal: $(VENV)/installed-dev ## cost of the app: bytes, CPU time, response to a key
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.terminal

bench: $(VENV)/installed-dev ## speed of training and app against references (docs/performance.md); includes JAX if installed
	@$(BIN)/python -m benchmarks.speed

pictures-check: $(VENV)/installed-dev ## classify test images saved as ordinary pictures
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.own_pictures

torture: $(VENV)/installed-dev ## stress tests: kills, fuzzing, soak; two hours (docs/torture.md)
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.torture

record: install ## train the most accurate preset with three seeds; over half an hour
	@$(BIN)/python -m benchmarks.record

figures: install ## train the presets listed in the README
	@$(BIN)/python -m benchmarks.figures

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mnist-tui needs Python 3.11 or newer, this is %d.%d; make PYTHON=… chooses another." % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV) (torch is large; this takes a minute or two) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV) with the development extras (torch is large; this takes a minute or two) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(VENV)/installed $@
