.DEFAULT_GOAL := help
.PHONY: help setup test bench demo sandbox format

help: ## Shows this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile | while read -r name text; do printf '%-10s %s\n' "$$name" "$$text"; done

setup: ## Makes .venv with everything that the other commands need
	@tools/setup

test: setup ## Runs every test and gate, or those named: make test STAGES="unit lint"
	@.venv/bin/python tools/check.py $(STAGES)

format: setup ## Brings the Python files into form
	@.venv/bin/ruff check --fix --quiet .; .venv/bin/ruff format --quiet .
