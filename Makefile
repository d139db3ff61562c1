# Two commands for users, `make demo` and `make test`, and the developer's loop around them.
# Each target builds .venv on its own; it needs Python 3.11+ and make.

PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra demo pyproject.toml

.PHONY: demo test quick chaos browser check interpreters lock

demo: .venv/runtime
	$(BIN)/countersign demo

# Write compiled modules even if the environment disables it: each Temporal workflow sandbox imports its
# modules, and would compile them every time.
test quick interpreters: export PYTHONDONTWRITEBYTECODE =

# Four processes on two cores: crash tests and journeys mostly wait.
test: .venv/dev
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

# Rules, views, policies and the checks of the source tree, without a Temporal server.
quick: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m unit

# Random kills and faults for MINUTES, then a table: are the guarantees of docs/guarantees.md kept?
MINUTES ?= 30
chaos: .venv/dev
	$(BIN)/python -m tests.chaos --minutes $(MINUTES)

# A browser for the browser tests, if none is installed.
browser: .venv/dev
	$(BIN)/python -m playwright install chromium \
	  || { echo "Playwright could not download its browser. Install one with the system's package manager: apt-get install chromium-headless-shell"; exit 1; }

check: .venv/dev
	@$(BIN)/python -c 'import platform, sys; print("Python", platform.python_version(), sys.executable)'
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(MAKE) interpreters
	$(MAKE) test

# The unit tests on each other supported Python that is installed.
interpreters: .venv/dev
	$(BIN)/python -m tests.interpreters

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
