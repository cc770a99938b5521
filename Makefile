# make run    a running app on this machine            make test   lint, types and tests
# make demo   the whole loop without a browser          make test-fast  two minutes of them
# make bench  what we promise about speed
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export FORGE_WORKSPACE ?= workspace
# Where this variable is set, every process compiles PyTorch's sources again: 11 s of each start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-dev run demo test suite test-fast test-extras test-ray js-test node test-models chaos chaos-states soak sitting lint types format docs bench screenshots lock clean

help:
	@sed -n '1,3s/^# //p' Makefile

# uv installs the lock in a minute from cold and in seconds from its cache; it needs only pip.
$(VENV)/.uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Vision Forge needs Python 3.11 or newer; found " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(VENV)/.runtime: $(VENV)/.uv requirements.txt pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt
	@touch $@

# The JavaScript is checked with node; who runs the product needs none.
node:
	@npm --version >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo "The JavaScript is checked with Node.js 20 or newer and npm, which were not found (Debian: apt-get install nodejs npm)." >&2; exit 1; }

node_modules/.installed: package.json package-lock.json .npmrc | node
	npm ci --silent
	@touch $@

setup: $(VENV)/.runtime

setup-dev: $(VENV)/.dev

run: setup
	$(BIN)/forge web

demo: setup
	$(BIN)/forge demo

# One process more than two cores, because some of the tests wait. Threads that wait must not spin:
# they share the cores (5 times slower). One thread a process does: the cores have other processes.
WORKERS ?= 3
PYTEST := OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# The types are checked on one core while the tests begin.
test: node setup-dev lint js-test
	@$(MAKE) --no-print-directory --jobs=2 types suite

suite: setup-dev
	$(PYTEST)

# Without a browser, without processes of jobs, without Postgres: while you write.
test-fast: setup-dev
	$(PYTEST) -m "not browser and not process and not postgres and not slow and not every_model and not ray"

js-test: node
	npm test --silent

# Kills, full disks and locks a hundred times, and hundreds of sequences of changes: an hour.
chaos: setup-dev
	FORGE_TEST_KILLS=100 FORGE_TEST_EXAMPLES=300 $(BIN)/python -m pytest --timeout=3600 tests/db/test_faults.py tests/db/test_lost_connections.py tests/forge_core/catalog/revisions/test_any_sequence.py tests/forge_core/catalog/editing/test_decisions.py tests/forge_core/catalog/importing/test_import_faults.py tests/forge_core/catalog/listing/test_filters.py tests/forge_core/test_backup.py tests/forge_core/catalog/formats tests/forge_core/catalog/importing/test_archives.py tests/forge_core/catalog/splits tests/forge_core/test_storable_values.py tests/forge_core/api/test_borders.py tests/forge_core/imaging tests/forge_core/models/checkpoints/test_checkpoint.py
	FORGE_TEST_KILLS=20 FORGE_TEST_CUT_SECONDS=60 FORGE_TEST_LOCK_SECONDS=20 FORGE_TEST_MONKEY_KEYS=1000 $(BIN)/python -m pytest --timeout=3600 tests/journeys/test_faults_journey.py tests/journeys/test_monkey_journey.py

# Kills, halts, a clock an hour off and a machine that sleeps, five minutes on each database: the
# state that the page shows is that of the process table.
chaos-states: setup-dev
	FORGE_TEST_STATES_SECONDS=300 $(BIN)/python -m pytest -s --timeout=1800 tests/chaos

# One person in a browser and eight through the routes, half an hour: nothing lost, memory flat.
soak: setup-dev
	FORGE_TEST_SOAK_SECONDS=1800 $(BIN)/python -m pytest tests/journeys/test_soak_journey.py

# Twenty corrections in a browser to a better model in production, with real photos: a quarter of an hour.
sitting: setup-dev
	TORCH_HOME=../shared/data/torch_home FORGE_TEST_SITTING_FOLDER=../shared/data/imagenette224_dev $(BIN)/python -m pytest -s --timeout=3600 tests/journeys/test_sitting_journey.py

# What is no part of a development install, in an environment apart: trackers, and Ray.
EXTRAS := .venv-extras
$(EXTRAS)/.installed: $(VENV)/.dev
	test -x $(EXTRAS)/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python $(EXTRAS)
	$(BIN)/uv pip install --quiet --python $(EXTRAS)/bin/python -r requirements-dev.txt --editable '.[mlflow,ray,tensorboard]' -c requirements.txt
	@touch $@

test-extras: $(EXTRAS)/.installed
	$(EXTRAS)/bin/python -m pytest tests/forge_core/runs/tracking

# On a machine that does nothing else: a head is not up in time on a busy one, and its end ends every
# Ray of the machine. It binds every interface, so there is only loopback (Linux).
test-ray: $(EXTRAS)/.installed
	unshare -rn sh -c 'ip link set lo up; exec $(EXTRAS)/bin/python -m pytest -m ray --timeout=1200 tests/forge_core/jobs/clusters'

# Every network of torchvision, built, trained a step, saved and loaded, and a network of each
# family exported: needs 24 GB of memory.
test-models: setup-dev
	$(BIN)/python -m pytest -m "every_model or not every_model" --timeout=3600 tests/forge_core/models tests/forge_core/exports

lint: setup-dev node_modules/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m scripts.check_repetition
	npm run --silent lint

types: setup-dev
	$(BIN)/mypy

format: setup-dev node_modules/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	npm run --silent format

bench: setup-dev
	$(BIN)/python -m benchmarks.demo_digits

docs: setup-dev
	$(BIN)/python -m scripts.write_command_docs

screenshots: setup-dev
	$(BIN)/python -m scripts.make_screenshots

# Full pins for every platform, compiled from pyproject.toml.
lock: $(VENV)/.uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --quiet -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --quiet -c requirements.txt -o requirements-dev.txt
	for name in serve serve-onnx; do $(BIN)/uv pip compile requirements-$$name.in --universal --python-version 3.11 --quiet -c requirements.txt -o requirements-$$name.txt; done

clean:
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache build dist *.egg-info
