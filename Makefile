# Two commands for a newcomer: `make demo` and `make test`. The rest are their parts.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Debian ships python3 without ensurepip; pip can fill a bare environment from outside.
# The locks are whole, so nothing is left to resolve (--no-deps).
PIP := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test setup lint format types cover bench lock dist man docs audit clean

help:            ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/: *.*## /\t/' | expand -t 12

$(BIN)/python:
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/ready: $(BIN)/python requirements.txt pyproject.toml
	$(PIP) install --quiet --require-hashes --no-deps -r requirements.txt
	$(PIP) install --quiet --no-deps --editable .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt
	$(PIP) install --quiet --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

# Oracles from npm, and programs from the system's packages, for the tests that use them.
$(VENV)/ready-machine: tools/machine.sh tests/node/package-lock.json | $(BIN)/python
	@tools/machine.sh
	@if command -v npm >/dev/null; then npm ci --prefix tests/node --silent --no-audit --no-fund; fi
	@touch $@

setup: $(VENV)/ready       ## the program in .venv

demo: setup      ## the main job on the sample blog, and where to look
	@$(BIN)/python -m demo.run

test: lint types $(VENV)/ready-machine ## everything that must be true, in parallel
	$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered -q

lint: $(VENV)/ready-dev    ## style, format and the floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/ready-dev   ## mypy --strict
	$(BIN)/mypy

format: $(VENV)/ready-dev  ## mend what a machine can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/ready-dev   ## how quick it is beside other programs; STAGES="pull start", QUICK=1, PEERS=no
	$(BIN)/python -m tests.bench $(STAGES) $(if $(QUICK),--quick) $(if $(filter no,$(PEERS)),--no-peers)

lock:             ## new pinned versions with hashes (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --all-extras \
	  pyproject.toml --group dev -o requirements-dev.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	  --all-extras pyproject.toml -c requirements-dev.txt -o requirements.txt

dist: $(VENV)/ready-dev    ## wheel and source archive in dist/, in place of older ones
	$(BIN)/python -m hatchling build --clean -d dist

man: setup        ## the manual page, dist/paperround.1
	@mkdir -p dist
	$(BIN)/paperround manual > dist/paperround.1

docs: $(VENV)/ready-dev    ## the documentation as a site, in site/; needs no network to be read
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

audit: $(VENV)/ready-dev   ## compare what is pinned with published advisories (needs a network)
	$(BIN)/python -m tools.audit

clean:           ## forget .venv, .bench and everything the demo made
	rm -rf $(VENV) .bench outbox
