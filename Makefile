# `make demo` and `make test` need nothing before them: each makes .venv if it is not there.
# Another interpreter (3.11 or newer): make PYTHON=python3.12 test
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# Named after what .venv is made from: a change there makes it anew, a mere touch does not.
READY := .venv/ready-$(shell cat setup.cfg constraints.txt | cksum | cut -d' ' -f1)
# Cellpose has an environment of its own: it needs torch and an older NumPy.
CELLPOSE := .venv-cellpose
CELLPOSE_READY := $(CELLPOSE)/ready-$(shell cat setup.cfg constraints*.txt | cksum | cut -d' ' -f1)

.PHONY: help demo test test-slow test-cellpose lint format benchmark build-files wheel-check clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

demo: $(READY)  ## simulate, train, score, vote, export, report: the whole way, into demo/
	$(BIN)/python -m cellscreen.commands.demo --output=demo

test: $(READY)  ## all tests but the slow ones
	$(BIN)/python -m pytest

test-slow: $(READY)  ## the slow tests
	$(BIN)/python -m pytest -m slow

test-cellpose: $(CELLPOSE_READY)  ## install Cellpose and torch into .venv-cellpose, train and run a small net
	$(CELLPOSE)/bin/python -m pytest -m "slow or not slow" -ra tests/cells/cellpose*_test.py

lint: $(READY)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark: $(READY)  ## peers and us on the same work, as ratios
	for file in benchmarks/*.py; do $(BIN)/python "$$file"; done

build-files: $(READY)  ## write BUILD anew from the imports
	$(BIN)/python tools/build_files.py

wheel-check: $(READY)  ## build the wheel, install it alone, ask every verb for --help
	$(BIN)/python tools/check_wheel.py

clean:  ## remove what make made, .venv and demo/ too
	rm -rf .venv .venv.lock $(CELLPOSE) $(CELLPOSE).lock demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY):
	@$(PYTHON) tools/make_venv.py $@

$(CELLPOSE_READY):
	@$(PYTHON) tools/make_venv.py $@ cellpose
