# Two commands do everything: `make replay` and `make test`. The rest is for contributors.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What besides the lean install: `make replay EXTRAS=torch` serves models on a GPU.
EXTRAS ?=
LEAN := $(VENV)/.installed-$(if $(EXTRAS),$(EXTRAS),lean)
DEV := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: replay test quick check lint wheel-smoke audit-full benchmark clean

replay: $(LEAN)
	$(BIN)/newsvol replay

test: $(DEV)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

quick: $(DEV)
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint quick

wheel-smoke: $(DEV)
	bash .ci/wheel-smoke

# Every planted leak with twelve seeds, and every built-in; `make test` takes three. An hour.
audit-full: $(DEV)
	$(BIN)/python benchmarks/audit.py --out audit-full.json

benchmark: $(DEV)
	$(BIN)/python benchmarks/replay.py --out benchmarks/results/replay.json

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  (echo "newsvol needs Python 3.11 or newer; say which with: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-lean: setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	touch $@

$(VENV)/.installed-%: setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[$*]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
