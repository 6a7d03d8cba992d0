# Every target does its own set-up; nothing needs to be installed by hand but git, make and Python 3.11+.
#   make run PORT=8080           make test ARGS="-k seeds"           make bench ARGS="--scales 100"

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench bench-kinds panel screenshots schema lock clean
.SUFFIXES:
# The targets share one environment; side by side they would install into it twice.
.NOTPARALLEL:

# Passed on to the program, the tests, the benchmark or the lock.
ARGS ?=
# Where `make run` listens, if not on the port of the settings.
PORT ?=
# The interpreter to build the environment with, if not the first one found that is new enough.
PYTHON ?=
export PYTHON

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: ## Set up what is missing and serve GraphQL and the control panel on 127.0.0.1 (PORT=8000)
	@sh scripts/environment.sh run
	@sh scripts/panel.sh || echo "run: GraphQL is served without the control panel" >&2
	@exec .venv/bin/gateway run $(if $(PORT),--port $(PORT)) $(ARGS)

test: ## Set up what is missing, check style and types, run every test on SQLite and PostgreSQL
	@sh scripts/environment.sh test
	@sh scripts/lint.sh
	@sh scripts/test.sh $(ARGS)

lint: ## Check style, formatting and types
	@sh scripts/environment.sh test
	@sh scripts/lint.sh

format: ## Put the code into its one format and mend what can be mended by itself
	@sh scripts/environment.sh test
	@.venv/bin/python -m ruff check --fix .
	@.venv/bin/python -m ruff format .

bench: ## Measure the read path beside PostGraphile, on the same database in one run, and the panel
	@sh scripts/environment.sh test
	@.venv/bin/python -m bench.beside $(ARGS)
	@sh scripts/panel.sh && GATEWAY_CHROMIUM=$$(sh scripts/chromium.sh) .venv/bin/python -m bench.panel

bench-kinds: ## Measure the read path on SQLite and on PostgreSQL
	@sh scripts/environment.sh test
	@.venv/bin/python -m bench $(ARGS)

panel: ## Build the control panel into the package
	@sh scripts/panel.sh

screenshots: ## Take the pictures of docs/panel.md from a gateway that runs (URL=http://127.0.0.1:8000)
	@sh scripts/environment.sh test
	@GATEWAY_CHROMIUM=$$(sh scripts/chromium.sh) .venv/bin/python scripts/screenshots.py $(or $(URL),http://127.0.0.1:8000)

schema: ## Write schema.graphql, the public contract, from the code, and the panel's types from it
	@sh scripts/environment.sh run
	@.venv/bin/gateway export-schema > schema.graphql.part || { rm -f schema.graphql.part; exit 1; }
	@mv schema.graphql.part schema.graphql
	@sh scripts/panel.sh tools
	@cd frontend && npm run --silent types

lock: ## Write the locks again from pyproject.toml (ARGS=--upgrade for the newest versions)
	@sh scripts/lock.sh $(ARGS)

clean: ## Remove everything these targets made, but no data (var/ stays)
	@rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .schemathesis dist
	@rm -rf tests/contracts/node_modules tests/deploy/federation/node_modules frontend/node_modules gateway/static schema.graphql.part
	@find gateway tests bench migrations -name __pycache__ -type d -prune -exec rm -rf {} +
