# `make` tells what there is. Python 3.11+ is all it needs; another one: make PYTHON=python3.12 run
PYTHON ?= python3
WORKERS ?= 2
CASES ?= 10000
BIN := .venv/bin
CLOCKS_TRIAL := tests/api/test_calendar_trial.py tests/api/test_vectors.py tests/operations/test_clock_trial.py
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test lint format seed torture bench clockwork-trial clocks-trial pins

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed  ## install what running needs into .venv

setup-dev: .venv/.installed-dev  ## and what testing needs

run: setup  ## migrate, seed an empty database with the demo, start web and worker; Ctrl-C stops both
	@$(BIN)/flask up

test: setup-dev lint  ## lint, then every test on SQLite and on a real PostgreSQL (ARGS="-k name")
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not torture" $(ARGS)

lint: setup-dev  ## style, types and import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup-dev  ## let ruff put style right
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

seed: setup  ## migrate and play the demo into the configured database
	@$(BIN)/flask db upgrade
	@$(BIN)/flask seed demo

torture: setup-dev  ## the concurrency and kill tests, at full length
	@$(BIN)/python -m pytest -m torture $(ARGS)

bench: setup-dev  ## measure (bench/README.md says what)
	@$(BIN)/python -m bench $(ARGS)

clocks-trial: setup-dev  ## 10,000 random calendar cases and 5,000 histories on both databases against an oracle (CASES=1000)
	@CXLOOP_TEST_CASES=$(CASES) $(BIN)/python -m pytest -n $(WORKERS) $(CLOCKS_TRIAL) $(ARGS)

clockwork-trial: setup-dev  ## workers killed, nothing running, the database gone: full size, minutes (ARGS="--rounds 10")
	@$(BIN)/python -m bench trials $(ARGS)

pins:  ## rewrite requirements*.txt from pyproject.toml (needs uv; ARGS=--upgrade for newer versions)
	uv pip compile --quiet --universal --generate-hashes --no-annotate --custom-compile-command "make pins" $(ARGS) \
		pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-annotate --custom-compile-command "make pins" $(ARGS) \
		--group dev -c requirements.txt -o requirements-dev.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "cxloop needs Python 3.11 or newer, and '$(PYTHON)' is not. Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' has no venv module. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

# The stamps make a second run quick: pip is asked again only when the pins have changed.
.venv/.installed: requirements.txt | $(BIN)/python
	$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(PIP_INSTALL) -r requirements.txt -r requirements-dev.txt
	@touch $@
