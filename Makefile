.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long faults histories bench sandbox sandbox-stop format lock

help: ## Shows this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile | while read -r name text; do printf '%-13s %s\n' "$$name" "$$text"; done

setup: ## Makes .venv with everything that the other commands need
	@tools/setup

demo: setup ## Shows the whole line on a local DigitalOcean: manifests, clusters, a collection, a second run
	@.venv/bin/python tools/demo.py

test: setup ## Runs every test and gate, or the stages that are named: make test STAGES="unit lint"
	@.venv/bin/python tools/check.py $(STAGES)

test-long: setup ## Runs the long form of some tests: a kill at every call of every kind of run
	@.venv/bin/python tools/check.py --long $(STAGES)

faults: setup ## Runs every fault at every call to DigitalOcean, and prints the number of cases
	@.venv/bin/pytest -q -n 2 --dist worksteal --long tests/integration/test_fault_matrix*.py tests/clusters/test_access_fault_matrix.py

histories: setup ## Runs 10,000 random histories and kills 300 runs on a control plane, and prints what happened
	@.venv/bin/pytest -q --long tests/integration/test_histories.py tests/clusters/test_histories.py

bench: setup ## Measures against plain ping tasks; writes .bench/latest.json
	@.venv/bin/python tools/bench.py

sandbox: setup ## Leaves a local DigitalOcean running, and says how to use it
	@tools/sandbox start

sandbox-stop: ## Ends it
	@tools/sandbox stop

format: setup ## Brings the Python files into form
	@.venv/bin/ruff check --fix --quiet .; .venv/bin/ruff format --quiet .

lock: setup ## Renews the lock files after a change of requirements; make lock NEWEST=1 raises all versions
	@.venv/bin/python tools/locks.py $(if $(NEWEST),--newest)
