# Everything sets itself up: Python >= 3.11, git and make are enough.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
EXTRAS := --extra train --extra local --extra notebook
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
# Modules are compiled once at install; a cold import of MLflow takes three times as long without.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test check bench docs rules lists notebooks lab test-server clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready ## Install the locked packages into .venv

.venv/.ready: pyproject.toml uv.lock hatch_build.py $(wildcard $(addprefix msa_ml/features/compiled/*,.pyx .pxd) msa_ml/features/compiled/made_of.py)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python >= 3.11 is needed, found $$($(PYTHON) --version). Name one: make PYTHON=python3.12" >&2; exit 2; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@command -v $(UV) >/dev/null || $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@command -v $(UV) >/dev/null || $(BIN)/python -m pip install --quiet uv
	$(UV) sync --frozen --inexact --compile-bytecode $(EXTRAS)
	@touch $@

demo: setup ## Simulate ten days of mail, train, evaluate, register, export, verify, score
	$(BIN)/msa-ml demo

test: setup ## Run the tests, those of features also without what was compiled
	$(BIN)/pytest -n 2 --dist loadgroup
	$(BIN)/pytest -n 2 --dist loadgroup --own tests/features msa_ml/features

check: setup ## Lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layers.py

bench: setup ## Run the benchmarks
	for file in experiments/bench/*.py; do echo "== $$file"; $(BIN)/python $$file --json || exit 1; done

# The page in the repository is that of real mail; without the corpus it says SYNTHETIC and a test refuses it.
CORPUS ?= $(firstword $(wildcard $(or $(MSA_SHARED_DATA),../shared/data)/spamassassin.tar.xz))
docs: rules ## Write docs/features.md with importances from the SpamAssassin corpus (CORPUS=spamassassin.tar.xz), else the demo's
ifneq ($(CORPUS),)
	rm -rf .msa/docs
	$(BIN)/msa-ml import mail $(CORPUS) --label '*ham*=ham' --label 'spam*=spam' --home .msa/docs
	$(BIN)/msa-ml train spam --no-track --home .msa/docs
	$(BIN)/msa-ml features spam --bundle .msa/docs/bundles/spam/latest --markdown docs/features.md --note "Made by \`make docs\`; \
	change the declarations, not this page. The mail is the SpamAssassin public corpus ([where it is](../data/README.md)), imported with \
	\`--label '*ham*=ham' --label 'spam*=spam'\`; the model is what \`msa-ml train spam\` makes of it."
else
	[ -d .msa/demo ] || $(BIN)/msa-ml demo
	$(BIN)/msa-ml features spam --bundle .msa/demo/bundles/spam/latest --markdown docs/features.md --note "Made by \`make docs\` \
	without a corpus, from the mail that \`msa-ml demo\` simulates."
endif

rules: setup ## Write docs/rules.md, the rules of the portable features
	$(BIN)/python -c "from msa_ml.features.rules_page import page; print(page(), end='')" > docs/rules.md

lists: setup ## Write the lists of features that come from the locked packages, and the rules page
	$(BIN)/python -c "from msa_ml.features.list_sources import write; write()"
	$(MAKE) rules

notebooks: setup ## Execute every notebook on the demo's home and leave HTML in notebooks/html
	[ -d .msa/demo ] || $(BIN)/msa-ml demo
	$(BIN)/python notebooks/execute.py

lab: setup ## Open JupyterLab on your own home
	$(BIN)/msa-ml lab

test-server: setup ## Run the source tests on the ClickHouse server that MSA_TEST_CLICKHOUSE_URL names
	@[ -n "$$MSA_TEST_CLICKHOUSE_URL" ] || { echo "set MSA_TEST_CLICKHOUSE_URL, for example clickhouse://default:@localhost:8123/test" >&2; exit 2; }
	$(BIN)/pytest tests/source -k "server"

clean: ## Remove what was installed and made; the store in .msa stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build notebooks/.ipynb_checkpoints
