.DEFAULT_GOAL := help
.PHONY: help setup test

help: ## Shows this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile | while read -r name text; do printf '%-10s %s\n' "$$name" "$$text"; done

setup: ## Makes .venv with everything that the other commands need
	@tools/setup
