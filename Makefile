# The verbs. `make help` names them.
.PHONY: help setup demo test check bench oracle faults
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stylus-setup
# The first of these that is 3.11 or newer; `make setup PYTHON=…` names another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
# Where pip finds the CPU build of torch, if its usual index has none for this machine.
TORCH_INDEX ?=
ARGS ?=
PROMPT ?=
# The files in benchmarks/ that are programs; the rest is what they share.
BENCHMARKS := $(patsubst benchmarks/%.py,benchmarks.%,$(shell grep -l '^if __name__' benchmarks/*.py))

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(STAMP) ## make .venv; says first what it downloads and how much

$(STAMP): pyproject.toml constraints.txt .ci/prepare.py
	@test -n "$(PYTHON)" || { echo "Stylus needs Python 3.11 or newer; none was found. Name one: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@TORCH_INDEX="$(TORCH_INDEX)" $(PYTHON) .ci/prepare.py $(VENV)
	@touch $@

demo: $(STAMP) ## open a chat page with the bot in it and draw two grids; ARGS=--once ends then
	@$(BIN)/stylus demo $(if $(PROMPT),"$(PROMPT)") $(ARGS)

test: $(STAMP) ## run every test; ARGS=quick leaves the slow ones out
	@$(BIN)/python -m pytest -n 2 --dist=worksteal $(if $(filter quick,$(ARGS)),-m "not slow",$(ARGS))

check: $(STAMP) ## format, lint, types, floors and the house's own tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/house

bench: $(STAMP) ## run every benchmark, the quick way
	@set -e; for program in $(BENCHMARKS); do \
		echo "== $$program"; $(BIN)/python -m $$program --quick $(ARGS); done

oracle: $(STAMP) ## 200 full drawings against plain diffusers; writes benchmarks/results
	@$(BIN)/python -m tests.sampling.campaign $(ARGS)

faults: $(STAMP) ## 220 kills of bot and workers; writes benchmarks/results/faults.json
	@$(BIN)/python -m tests.faults.campaign $(ARGS)
