# Needs git, make and some python3; everything else is installed into .venv/ from uv.lock.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup train web run screenshots test test-services test-browser test-everything bench evaluate \
	lint types validate wording audit clean

BIN := .venv/bin
STAMP := .venv/.installed
BROWSER_STAMP := .venv/.installed-browser
WIDGET := build/widget/.built
# make run ARGS="--port 8080"; make test ARGS="-k hours -x"; make test ARGS="-n 0 --pdb"
ARGS ?=
# Two files of tests at a time, those with servers first: they take the longest.
TWO_AT_A_TIME := -n 2 --dist loadfile --no-loadscope-reorder

# Before any import: Rasa and what it stands on print pages that nobody can act on.
export RASA_TELEMETRY_ENABLED := false
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export TF_CPP_MIN_LOG_LEVEL := 3
export TF_ENABLE_ONEDNN_OPTS := 0

help: ## list these targets
	@echo "usage: make TARGET [ARGS=\"...\"]"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1	\2/p' Makefile | \
		while IFS='	' read -r name text; do printf '  %-16s %s\n' "$$name" "$$text"; done

setup: $(STAMP) ## install everything from uv.lock into .venv/

$(STAMP): pyproject.toml uv.lock
	@scripts/setup.sh $@

train: $(STAMP) ## train into models/, if the training data changed
	@$(BIN)/bot train

web: $(WIDGET) ## build the chat widget and the desk into build/, if their sources changed

$(WIDGET): scripts/web.sh bot/web/build.mjs bot/web/package-lock.json bot/web/tsconfig.json \
		$(shell find bot/web/desk bot/web/shared bot/web/support bot/web/widget -type f)
	@scripts/web.sh $@

run: $(STAMP) $(WIDGET) ## install, train, migrate, load demo orders, serve on http://127.0.0.1:5005
	@$(BIN)/python scripts/run.py $(ARGS)

test: train ## the tests that need nothing but this machine
	@$(BIN)/pytest -q -m "not services and not browser" $(TWO_AT_A_TIME) $(ARGS)

test-services: train ## the tests that need PostgreSQL or Redis
	@$(BIN)/pytest -q -m "services and not browser" $(ARGS)

test-browser: train $(BROWSER_STAMP) $(WIDGET) ## the tests that need Chromium
	@$(BIN)/pytest -q -m browser $(ARGS)

test-everything: train $(BROWSER_STAMP) $(WIDGET) ## the tests of both, one kind after the other
	@$(BIN)/pytest -q -m "services and not browser" $(ARGS)
	@$(BIN)/pytest -q -m browser $(ARGS)

screenshots: train $(BROWSER_STAMP) $(WIDGET) ## take the pictures in tests/browser/screenshots/ anew
	@UPDATE_SCREENSHOTS=1 $(BIN)/pytest -q -m browser tests/browser/test_widget_looks.py \
		tests/browser/test_desk_looks.py tests/browser/test_support_pages.py \
		tests/browser/test_mail_looks.py $(ARGS)

$(BROWSER_STAMP): $(STAMP)
	@scripts/setup.sh $@ --group browser

bench: train $(BROWSER_STAMP) $(WIDGET) ## benchmarks, each figure beside its peer's from the same run
	@$(BIN)/python -m tests.bench $(ARGS)
	@$(BIN)/python -m tests.bench.widget
	@$(BIN)/python -m tests.bench.connections
	@$(BIN)/python -m tests.bench.desk
	@$(BIN)/python -m tests.bench.mail

evaluate: train ## score understanding and whole conversations on held-back data
	@$(BIN)/bot evaluate --keep $(ARGS)

lint: $(STAMP) ## style, and who may import whom
	@$(BIN)/ruff check
	@$(BIN)/lint-imports --no-cache
	@scripts/web.sh types

types: $(STAMP) ## check the types
	@$(BIN)/mypy

validate: $(STAMP) ## Rasa's own check of domain and training data, with every warning an error
	@$(BIN)/python -m scripts.validate

wording: $(STAMP) ## collect the English texts and bring the translations' files up to date
	@$(BIN)/python -m scripts.wording

audit: $(STAMP) ## look for known vulnerabilities in what uv.lock names
	@$(BIN)/python -m scripts.audit

clean: ## remove everything that was made, except the database (var/) and .env
	@rm -rf .venv .venv-tools models/*.tar.gz models/manifest.json build results *.egg-info .rasa \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis \
		bot/web/node_modules
	@find actions bot scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
