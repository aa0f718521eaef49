# One virtual environment, made when it is missing or pyproject.toml has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Half of the suite's time is spent waiting for other processes: one worker more than there are cores, five at most.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 5))')
# torch spins at its barriers by default; on a small machine that slows everything beside it.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: run install test check format screenshots bench bench-terminal record figures pictures-check torture clean

run: install ## open the app
	@$(BIN)/mnist-tui

install: $(VENV)/installed ## the set-up alone

test: $(VENV)/installed-dev ## the whole test suite
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/installed-dev ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/installed-dev ## put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: $(VENV)/installed-dev ## draw the pictures of the documentation anew
	@TEXTUAL_COLOR_SYSTEM=truecolor $(BIN)/python -m benchmarks.screenshots docs/pictures

bench-terminal: $(VENV)/installed-dev ## what the screen costs: bytes, processor time, answer to a key
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.terminal

bench: $(VENV)/installed-dev ## how fast training and screen are, against others (docs/performance.md); JAX counts where it is installed
	@$(BIN)/python -m benchmarks.speed

pictures-check: $(VENV)/installed-dev ## the test set written as people's pictures and read back
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.own_pictures

torture: $(VENV)/installed-dev ## what must never break, tried for two hours (docs/torture.md)
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.torture

record: install ## train the preset for the best figure with three seeds; half an hour and more
	@$(BIN)/python -m benchmarks.record

figures: install ## train the presets whose figures the README gives
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
