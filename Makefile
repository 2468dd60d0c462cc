# `make demo` and `make test` need git, make and Python 3.11 or newer; all else is set up here.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
COMPILE := $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock"
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --compile-bytecode

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lab serve notebooks test-spark test-pythons nightly docs bench lock clean

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed  ## Make .venv with everything that is needed, at the locked versions

$(VENV)/.installed: requirements/uv.txt requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found."; exit 1; }
	@echo "Setting up $(VENV) (about 1.5 GB, a minute or two)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements/uv.txt
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## Simulate 5,000 members, run every model, print a ranked list
	@$(BIN)/shortlist demo

test: setup  ## Run the tests
	@$(BIN)/pytest --quiet --numprocesses 2 --dist loadfile

check: setup  ## Run the linters, the type checker and the layer contract
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/mypy --config-file benchmarks/mypy.ini
	@$(BIN)/lint-imports

serve: setup  ## Serve what is released, on http://127.0.0.1:8000
	@$(BIN)/shortlist serve

# A shop of 3,000 members for the notebooks; `make lab` opens the project here once there is one.
SHOP := $(abspath artifacts/notebooks/shop)
LAB := $(or $(SHORTLIST_PROJECT),$(if $(wildcard artifacts/release.json),$(CURDIR),$(SHOP)))
lab notebooks: export SHORTLIST_DATA := $(or $(SHORTLIST_DATA),$(abspath ../shared/data))
lab: export SHORTLIST_PROJECT := $(LAB)
notebooks: export SHORTLIST_PROJECT := $(SHOP)

$(SHOP)/artifacts/release.json: | setup
	@echo "Making a shop of 3,000 members to look at (about two minutes)"
	@$(BIN)/python -c 'from shortlist import project; project.demo("$(SHOP)")'

lab: setup $(if $(filter $(SHOP),$(LAB)),$(SHOP)/artifacts/release.json)  ## Open JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks

notebooks: setup $(SHOP)/artifacts/release.json  ## Run every notebook on a small shop, top to bottom
	@$(BIN)/jupyter nbconvert --to html --execute --output-dir artifacts/notebooks \
		--log-level ERROR notebooks/*.ipynb

docs: setup  ## Generate the pages of docs/ that come from code, and build site/
	@$(BIN)/python tests/support/feature_page.py
	@$(BIN)/python tests/support/model_card_page.py
	@$(BIN)/zensical build --strict

test-pythons:  ## Run the tests on every Python from 3.11 on that is installed
	@.ci/try-pythons

nightly: setup  ## Run the tests that take minutes
	@$(BIN)/pytest --quiet -m nightly

test-spark: $(VENV)/.installed-spark  ## Run the tests of features on Spark; needs Java 17 or newer
	@SHORTLIST_TEST_ENGINE=spark \
		$(BIN)/pytest --quiet --numprocesses 2 --dist loadfile tests/features tests/pipeline/spark

$(VENV)/.installed-spark: $(VENV)/.installed requirements/spark.txt
	@$(INSTALL) --require-hashes -r requirements/spark.txt
	@touch $@

$(VENV)/.installed-all: $(VENV)/.installed requirements/all.txt
	@$(INSTALL) --require-hashes -r requirements/all.txt
	@touch $@

# `make bench` looks at everything quickly; `make bench SIZE=full` and `make bench-NAME` measure what
# docs/benchmarks.md holds. In a row, what lacks its data is left out; by name, that is an error.
BENCHMARKS := $(patsubst benchmarks/%.py,bench-%,$(shell grep -l __main__ benchmarks/*.py))
bench: SIZE ?= small
bench: export SHORTLIST_ABSENT = skip
bench: $(BENCHMARKS)  ## Run every benchmark, small; SIZE=full takes hours

bench-%: export SHORTLIST_SIZE = $(SIZE)
bench-%: $(VENV)/.installed-all
	@$(BIN)/python benchmarks/$(subst -,_,$*).py

lock:  ## Renew the lock files: names, versions and hashes
	@test -x $(UV) || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	@$(COMPILE) --upgrade --group dev --group notebooks --group docs --group bench \
		--extra spark --extra tracing \
		--output-file requirements/all.txt
	@$(COMPILE) --group dev --group notebooks --group docs --constraint requirements/all.txt \
		--output-file requirements/dev.txt
	@$(COMPILE) --constraint requirements/all.txt --output-file requirements/runtime.txt
	@$(COMPILE) --constraint requirements/all.txt --extra spark --output-file requirements/spark.txt
	@echo uv | $(UV) pip compile - --quiet --generate-hashes --no-emit-index-url --no-header \
		--output-file requirements/uv.txt

clean:  ## Remove what was produced and what was set up
	@rm -rf .venv .venv-* .cache site artifacts data .dvc/cache .dvc/tmp dvc.lock
