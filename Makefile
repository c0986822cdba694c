# Every target makes what it needs; the first call takes minutes, a second one starts at once.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: serve test install check docs picture bench clean

serve: install  ## serve http://127.0.0.1:8000 with the default bundle
	$(BIN)/copydesk serve

install: .venv/installed  ## set up .venv

test: .venv/installed-dev  ## run every test
	$(BIN)/pytest

check: .venv/installed-dev  ## ruff, mypy strict, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/installed-dev  ## write the generated pages, build docs/ into site/, fail at a broken link
	PYTHONPATH=.:tests $(BIN)/python -m support.reference
	$(BIN)/zensical build --clean --strict

picture: .venv/installed-dev  ## take the picture of the web page in the README again; needs chromium
	PYTHONPATH=.:tests $(BIN)/python -m support.screenshot

bench: .venv/installed-dev  ## what is measured, not asserted; PARTS="http soak", QUICK=1, INFINITY=VENV, ROWS=1000000
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.run $(PARTS) $(if $(QUICK),--quick) $(if $(INFINITY),--infinity $(INFINITY)) $(if $(ROWS),--rows $(ROWS))

clean:  ## remove .venv, caches and the built pages
	rm -rf site .cache .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv

# torch goes first: the CPU build satisfies every later request for it.
.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing what serving needs (a few minutes the first time)"
	@$(PIP) torch
	@$(PIP) -e .
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "installing what training and tests need"
	@$(PIP) -e '.[dev]'
	@touch $@
