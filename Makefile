# Two commands matter: `make doctor` on a fresh machine, `make test` for a contributor.
# Needs Python >= 3.11 with pip and venv, on Linux or macOS. Set PYTHON to choose the interpreter.

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  command -v $$p >/dev/null 2>&1 && $$p -c '$(NEW_ENOUGH)' && echo $$p && break; done)
VENV ?= .venv
# Processes that share the tests; those marked `alone` follow in one.
WORKERS ?= logical
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet -c constraints.txt

# What one platform cannot have is said and left out; the doctor judges the rest.
BACKENDS := numba jax torch mlx nvidia
comma := ,
space := $() $()
ALL_BACKENDS := $(subst $(space),$(comma),$(BACKENDS))

.PHONY: help doctor test lint types layers schemas rules wheel clean

help:            ## list the recipes
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "hwdoctor needs Python >= 3.11; name one with make PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# The stamps make a second run fast; a changed pyproject or constraints file renews them.
# All backends in one go is quickest; where one cannot be had, the others are tried one by one.
$(VENV)/.backends: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing hwdoctor and its backends into $(VENV) (a few minutes the first time)"
	@$(INSTALL) -e ".[$(ALL_BACKENDS)]" || { \
	  $(INSTALL) -e . || exit 1; \
	  for extra in $(BACKENDS); do \
	    $(INSTALL) -e ".[$$extra]" || echo "note: $$extra cannot be installed here; going on without it"; \
	  done; }
	@$(BIN)/python -m compileall -q src probes || true  # even where PYTHONDONTWRITEBYTECODE is set
	@touch $@

$(VENV)/.test: $(VENV)/.backends
	$(INSTALL) -e ".[test,docs]"
	@touch $@

doctor: $(VENV)/.backends  ## install what this machine can have; check, bench, recommend
	@$(BIN)/hwdoctor check; verdict=$$?; \
	 echo; $(BIN)/hwdoctor bench --size smoke || true; \
	 echo; $(BIN)/hwdoctor recommend || true; \
	 exit $$verdict

test: $(VENV)/.test  ## lint, types, layers and tests
	$(MAKE) --no-print-directory lint types layers
	$(BIN)/python -m pytest -q -m "not alone" -n $(WORKERS) --dist loadfile
	$(BIN)/python -m pytest -q -m alone

lint:            ## ruff, rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:           ## mypy, strict, over src and tests
	$(BIN)/mypy

layers:          ## the architecture diagram, as import-linter contracts
	$(BIN)/lint-imports

schemas:         ## write the published JSON Schemas anew from the model
	$(BIN)/python -m hwdoctor.model.schemas src/hwdoctor/schemas

rules:           ## write docs/rules.md anew from the rules
	$(BIN)/python -m hwdoctor.report.rules_table docs/rules.md

wheel: $(VENV)/.test  ## build the wheel and the sdist into dist/
	$(BIN)/python -m build

clean:           ## remove everything that was made here
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .asv
