# Two commands for people, `make demo` and `make test`; the rest serves them.
# Each builds .venv by itself from nothing but Python 3.11+ and make.

PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml

.PHONY: demo test chaos browser check lock

demo: .venv/runtime
	$(BIN)/countersign demo

# Three at a time on two cores: crash tests and journeys mostly wait. Compiled modules are kept, whatever
# the environment says: without them every workflow that the sandbox loads compiles its modules anew.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/dev
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# Kills and faults at random for MINUTES, then a table: are the promises of docs/guarantees.md kept?
MINUTES ?= 30
chaos: .venv/dev
	$(BIN)/python -m tests.chaos --minutes $(MINUTES)

# A browser for the browser journeys, where none is installed.
browser: .venv/dev
	$(BIN)/python -m playwright install chromium \
	  || { echo "Playwright could not download its browser here. Install one by the system: apt-get install chromium-headless-shell"; exit 1; }

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(MAKE) test

lock: .venv/dev
	$(LOCK) --group build --output-file requirements/runtime.lock
	$(LOCK) --group dev --output-file requirements/dev.lock

.venv/runtime: requirements/runtime.lock pyproject.toml
	test -e .venv/dev || { test -d .venv || $(PYTHON) -m venv .venv; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/runtime.lock; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; }
	touch $@

.venv/dev: requirements/dev.lock pyproject.toml
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@ .venv/runtime
