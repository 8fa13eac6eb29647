# Everything that people do with this checkout. It needs python3 (3.11 or newer) with pip, and access to the package registry.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up demo status doctor test fast check format bench install clean

PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo "$$each" && break; done)
UV := .tools/bin/uv
BIN := .venv/bin
STAMP := .venv/.installed
# Compiled at once: uncompiled, the API takes six seconds longer to start.
SYNC := --all-extras --quiet --python "$(PYTHON)"

# Each of several test processes has a platform of its own, and takes file after file.
SIDE_BY_SIDE := -n logical --maxprocesses 4 --dist loadfile

# uv and pip want a place for what they fetch even where there is no home folder to put it in.
ifneq ($(shell test -n "$$HOME" && test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/.tools/home
$(shell mkdir -p .tools/home)
endif
# An environment that happens to be active is not this checkout's.
unexport VIRTUAL_ENV
unexport PYTHONHOME
unexport PYTHONPATH
unexport UV_PROJECT_ENVIRONMENT

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-8s %s\n' "$$name" "$$text"; done

up: $(STAMP)  ## start the whole platform in the foreground; Ctrl-C stops it
	@$(BIN)/python -m zilliance up

demo: $(STAMP)  ## start it and do the main job as a new user (ONCE=1 stops afterwards)
	@$(BIN)/python -m zilliance demo $(if $(filter-out 0,$(ONCE)),--once)

status: $(STAMP)  ## what runs where, with the keys
	@$(BIN)/python -m zilliance status

doctor: $(STAMP)  ## check every prerequisite
	@$(BIN)/python -m zilliance doctor

test: $(STAMP)  ## run every test against the real platform
	$(BIN)/pytest $(SIDE_BY_SIDE)

fast: $(STAMP)  ## run the tests that need no process besides their own
	$(BIN)/pytest $(SIDE_BY_SIDE) tests/unit

check: $(STAMP)  ## lint, format, types, import contracts, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(STAMP)  ## lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## measure start, memory, latency and throughput beside their references
	@for each in ai gateway playlist start rest storage validation workflows; do echo "== bench.$$each"; $(BIN)/python -m bench.$$each || exit 1; done

install: $(STAMP)  ## install what is missing (every other target does it)

clean:  ## remove what was installed; data under .zilliance stays
	rm -rf .venv .tools

$(STAMP): pyproject.toml uv.lock | $(UV)
	@echo "installing the platform"
	@$(UV) sync $(SYNC) || { echo "once more, with the certificates of this machine"; $(UV) sync --system-certs $(SYNC); }
	@touch $@

$(UV):
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.14 found: install one, or run make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -m pip --version >/dev/null 2>&1 || { echo "error: $(PYTHON) has no pip: install it (Debian: apt-get install python3-pip)"; exit 1; }
	@echo "fetching uv into .tools"
	@"$(PYTHON)" -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action ignore --target .tools 'uv==0.13.9'
