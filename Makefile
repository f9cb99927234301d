# Targets explain themselves: `make help`. Everything runs from a virtual environment in .venv that sets itself up.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo demo-check test test-long bench bench-delivery bench-sync bench-flow pictures pictures-set-up check lock clean

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(VENV)/runtime: requirements/build.txt requirements/runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what the bot needs into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/runtime
	@echo "Installing what its tests need into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/runtime ## two pretend companies, a pretend Jira and the real bot; prints the address of a page
	@$(BIN)/fmo-bot demo

demo-check: $(VENV)/runtime ## play one joint working day and one sprint end without a screen, and judge it
	@$(BIN)/fmo-bot demo-check \
	  $(if $(JIRA_ISSUES),--issues $(JIRA_ISSUES)) $(if $(JIRA_SPRINTS),--sprints $(JIRA_SPRINTS)) \
	  $(if $(JIRA_BOARD),--board $(JIRA_BOARD)) $(if $(JIRA_WORKFLOW),--workflow $(JIRA_WORKFLOW)) \
	  $(if $(JIRA),--jira $(JIRA)) $(if $(APPS),--apps $(APPS)) $(if $(TRANSPORT),--transport $(TRANSPORT)) \
	  $(if $(DATABASE),--database '$(DATABASE)') $(if $(APART),--apart) $(if $(ENGINE),--engine $(ENGINE)) \
	  $(if $(BREAK),--break $(BREAK))

test: $(VENV)/dev ## every test, PostgreSQL included, on three processes: much of it waits
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal

test-long: $(VENV)/dev ## the same with the long profile of every property test
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -q -n 3 --dist worksteal

bench: bench-delivery bench-sync bench-flow ## every measurement; docs/benchmarks.md says what they are

bench-delivery: $(VENV)/dev ## planning, sending, lateness, Slack's limits, acknowledgements, on both databases
	@$(BIN)/python -m benchmarks.delivery \
	  $(if $(ONLY),--only $(ONLY)) $(if $(DATABASES),--databases $(DATABASES)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(ITEMS),--items $(ITEMS)) $(if $(PROMPTS),--prompts $(PROMPTS)) $(if $(CAPPED),--capped $(CAPPED)) \
	  $(if $(SECONDS_OF_LOAD),--seconds $(SECONDS_OF_LOAD)) $(if $(ISSUES),--issues $(ISSUES))

bench-sync: $(VENV)/dev ## reading a board of 50,000 issues and what changes of it, in both flavours, on both databases
	@$(BIN)/python -m benchmarks.sync \
	  $(if $(FLAVOURS),--flavours $(FLAVOURS)) $(if $(DATABASES),--databases $(DATABASES)) \
	  $(if $(ISSUES),--issues $(ISSUES)) $(if $(CHANGES),--changes $(CHANGES))

bench-flow: $(VENV)/dev ## every report of 50,000 issues out of a file, against json.loads of its lines; reports out of the facts in a database
	@missed=0; $(BIN)/python -m benchmarks.flow $(if $(ISSUES),--issues $(ISSUES)) || missed=1; \
	  $(BIN)/python -m benchmarks.flow_facts $(if $(ISSUES),--issues $(ISSUES)) $(if $(GROWTH),--growth $(GROWTH)) \
	  $(if $(DATABASES),--databases $(DATABASES)) $(if $(RUNS),--runs $(RUNS)) || missed=1; exit $$missed

pictures: $(VENV)/dev ## take the pictures of the README anew (needs chromium), and draw those of docs/charts.md
	@$(BIN)/python -m docs.pictures.charts
	@$(BIN)/python docs/pictures/take.py

pictures-set-up: $(VENV)/dev ## set a joint team up on the sandbox's page and photograph every screen; prints screens, clicks and words
	@PYTHONPATH=. $(BIN)/python docs/pictures/set_up.py $(FOLDER)

chaos: $(VENV)/dev ## real processes killed and frozen while Slack fails: is anything lost or doubled? (ITEMS, ENGINE, BREAK, SEED)
	@$(BIN)/python -m tests.chaos --items $(or $(ITEMS),10000) \
	  $(if $(ENGINE),--engine $(ENGINE)) $(if $(BREAK),--break $(BREAK)) $(if $(SEED),--seed $(SEED))

check: $(VENV)/dev ## ruff, mypy strict, import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

lock: $(VENV)/dev ## write the locked requirements anew
	@$(BIN)/pip-compile -q --upgrade --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links -o requirements/build.txt requirements/build.in
	@$(BIN)/pip-compile -q --upgrade --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links -o requirements/runtime.txt pyproject.toml
	@$(BIN)/pip-compile -q --upgrade --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links --extra dev -c requirements/runtime.txt -o requirements/dev.txt pyproject.toml

clean: ## remove the virtual environment and what the demo wrote
	@rm -rf $(VENV) var
