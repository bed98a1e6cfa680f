# `make demo` shows the main job running; `make test` passes the tests. Both do all the set-up they need.
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
APT := tmux:tmux bwrap:bubblewrap socat:socat perl:perl-base git:git make:make rsync:rsync cc:gcc cc:libc6-dev
APT += pg_createcluster:postgresql sqlite3:sqlite3

# Debian starts a database server as it installs one; the tests start their own.
CLUSTERS := /etc/postgresql-common/createcluster.d

.PHONY: demo test lint setup tools
demo: setup
	@$(BIN)/supervise demo

test: lint
	$(BIN)/pytest -n 2 --dist loadfile

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	for each in tests/*/conftest.py; do $(BIN)/mypy $$each || exit 1; done
	$(BIN)/lint-imports

setup: tools $(VENV)/.ready

$(VENV)/.ready: pyproject.toml supervisor/gate/client.c supervisor/gate/compile_client.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@# commands with set-up scripts that the tests run for real; only its files are read, not its code
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps icalfa==0.3.6
	@touch $@

# Programs the tests and the shadow use. Installed where we may (root, apt); named where we may not.
tools:
	@missing=""; for pair in $(APT); do \
	  command -v $${pair%%:*} >/dev/null 2>&1 || missing="$$missing $${pair##*:}"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    mkdir -p $(CLUSTERS) && echo "create_main_cluster = false" >$(CLUSTERS)/tests.conf; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	    code=$$?; rm -f $(CLUSTERS)/tests.conf; exit $$code; \
	  else echo "please install:$$missing"; exit 1; fi; fi
