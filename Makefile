# Every target makes what it needs; the first call takes minutes, a second one starts at once.
# uv installs where it is there, else pip: `make UV= install` takes pip all the same.
UV ?= $(shell command -v uv)
# The Python of .venv; without it python3, or, with uv, one that fits.
PYTHON ?=
# The build of torch: cpu, cu130 and the like name one of PyTorch's; index is what the index gives, on Linux for CUDA.
# Without it: index where there is a GPU's driver, or an index or wheels of your own; else cpu, a tenth of the size.
TORCH ?= $(if $(OWN_WHEELS)$(shell command -v nvidia-smi)$(filter-out Linux,$(shell uname)),index,cpu)

BIN := .venv/bin
SCRIPTS := $(if $(shell command -v npm),node_modules/.package-lock.json)
TYPESCRIPT := $(if $(SCRIPTS),client/typescript/node_modules/.package-lock.json)
SMOKE := $(or $(TMPDIR),/tmp)/copydesk-smoke
PLAIN := $(or $(TMPDIR),/tmp)/copydesk-plain
ANY_PYTHON := $(or $(PYTHON),python3)
OWN_WHEELS = $(shell { env; $(ANY_PYTHON) -m pip config list; } 2> /dev/null | grep -iE '^(pip|uv|global|install|:env:).*(index|find.links)')
TORCH_INDEX = $(if $(filter-out index,$(TORCH)),https://download.pytorch.org/whl/$(TORCH))
# Into an environment whose pip may be old: torch alone, where it comes from an index of its own.
pip_torch = $(if $(TORCH_INDEX),$(1) -m pip install --quiet -c constraints.txt --no-deps --index-url $(TORCH_INDEX) torch \
	|| { echo "torch does not come from $(TORCH_INDEX); make TORCH=index takes what your own index gives"; exit 1; })

ifeq ($(UV),)
INSTALL := $(BIN)/python -m pip install --quiet -c constraints.txt --build-constraint constraints.txt
else
INSTALL = UV_FIND_LINKS="$(or $(UV_FIND_LINKS),$(PIP_FIND_LINKS))" $(UV) pip install --quiet --python $(BIN)/python \
	-c constraints.txt --build-constraints constraints.txt $(if $(TORCH_INDEX),--torch-backend $(TORCH))
endif

.PHONY: serve test install check docs picture bench smoke audit sbom lock clean

serve: install  ## serve http://127.0.0.1:8000 with the default bundle
	$(BIN)/copydesk serve

install: .venv/installed  ## set up .venv

test: .venv/installed-dev  ## run every test
	$(BIN)/pytest

check: .venv/installed-dev $(SCRIPTS) $(TYPESCRIPT)  ## ruff, mypy strict, import layers, the desk's scripts, the TypeScript client
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(SCRIPTS),node_modules/.bin/tsc --project .,@echo "no npm: the desk's scripts and the TypeScript client are not checked")
	$(if $(TYPESCRIPT),npm --silent --prefix client/typescript run check)

docs: .venv/installed-dev $(TYPESCRIPT)  ## write the generated pages and types, build docs/ into site/, fail at a broken link
	PYTHONPATH=.:tests $(BIN)/python -m support.reference
	$(if $(TYPESCRIPT),npm --silent --prefix client/typescript run generate)
	$(BIN)/zensical build --clean --strict

picture: .venv/installed-dev  ## take the pictures of the web page and of the desk again; needs chromium
	PYTHONPATH=.:tests $(BIN)/python -m support.screenshot
	PYTHONPATH=.:tests $(BIN)/python -m support.desk_pictures

bench: .venv/installed-dev  ## what is measured, not asserted; PARTS="http soak", QUICK=1, INFINITY=VENV, ROWS=1000000
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.run $(PARTS) $(if $(QUICK),--quick) $(if $(INFINITY),--infinity $(INFINITY)) $(if $(ROWS),--rows $(ROWS))

smoke: .venv/installed-dev  ## install the wheel for serving alone, away from here, and use every command and route once
	@rm -rf $(SMOKE)
	@$(BIN)/python -m hatchling build -t wheel -d $(SMOKE)/wheel
	@echo "installing it, and what serving needs, with the pip that comes with Python"
	@$(BIN)/python -m venv $(SMOKE)/venv
	@$(call pip_torch,$(SMOKE)/venv/bin/python)
	@$(SMOKE)/venv/bin/python -m pip install --quiet -c constraints.txt $(SMOKE)/wheel/*.whl
	@cd $(SMOKE) && venv/bin/python -P $(CURDIR)/tests/system/smoke.py
	@rm -rf $(SMOKE)

audit: .venv/installed-supply  ## known faults of every pinned package; asks PyPI, so CI does not run it
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

sbom: .venv/installed-supply  ## what a plain install brings: dist/sbom.json (CycloneDX) and dist/licences.md
	@rm -rf $(PLAIN)
	@mkdir -p dist
	@echo "installing what serving needs, and nothing else, into $(PLAIN)"
	@$(BIN)/python -m venv --without-pip $(PLAIN)
	@$(call pip_torch,PIP_PYTHON=$(PLAIN)/bin/python $(BIN)/python)
	@PIP_PYTHON=$(PLAIN)/bin/python $(BIN)/python -m pip install --quiet -c constraints.txt --build-constraint constraints.txt .
	$(BIN)/cyclonedx-py environment $(PLAIN)/bin/python --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.json
	$(BIN)/pip-licenses --python $(PLAIN)/bin/python --from mixed --format markdown --with-urls --output-file dist/licences.md
	@rm -rf $(PLAIN)

lock:  ## compile constraints.txt from pyproject.toml; UPGRADE=1 for the newest versions
	@test -n "$(UV)" || { echo "uv is needed: pip install uv"; exit 1; }
	UV_FIND_LINKS= $(UV) pip compile pyproject.toml --quiet --universal --all-extras --group build --group supply --python-version 3.11 \
		--fork-strategy fewest --no-annotate --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) -o constraints.txt

node_modules/.package-lock.json: package-lock.json
	@npm ci --silent
	@touch $@

client/typescript/node_modules/.package-lock.json: client/typescript/package-lock.json
	@npm ci --silent --prefix client/typescript
	@touch $@

clean:  ## remove .venv, caches and the built pages
	rm -rf site .cache .venv node_modules client/typescript/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
ifeq ($(UV),)
	@$(ANY_PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { echo "Python 3.11 to 3.14 is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "making .venv with $$($(ANY_PYTHON) --version)"
	@$(ANY_PYTHON) -m venv .venv
else
	$(UV) venv --quiet --clear --seed $(PYTHON:%=--python %) .venv
endif

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing what serving needs, torch from $(or $(TORCH_INDEX),the index) (a few minutes the first time)"
ifeq ($(UV),)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --upgrade pip
	@$(call pip_torch,$(BIN)/python)
endif
	@$(INSTALL) -e .
	@touch $@

.venv/installed-supply: .venv/installed
	@echo "installing what looks at an installation"
	@$(INSTALL) --group supply
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "installing what training and tests need"
	@$(INSTALL) -e '.[dev]'
	@touch $@
