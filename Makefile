# Compression boots: `make` alone lists the targets.

# The Python that .venv is made from; the first of these that is there, or: make PYTHON=... build
PYTHON ?= $(firstword $(foreach name,python3 python3.12 python3.13 python3.11,$(shell command -v $(name) 2>/dev/null)) python3)

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Every recipe below that uses what was built starts with this.
activate := source ./env.sh

unit_tests := src/compression_boot_control/test
control := src/compression_boot_control/compression_boot_control
strictly_typed := $(wildcard $(addprefix $(control)/,core plant hardware sessions analysis))

.PHONY: help build demo test test-unit test-system lint format bench bench-latency docs lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

build: ## prepare everything (about two minutes the first time, then under a second)
	@$(PYTHON) tools/set_up build

demo: build ## a whole session on simulated boots: live view, bag, report
	@$(activate); boots demo

test: build ## every test
	@$(activate); python tools/run_tests.py unit system

test-unit: build ## the tests that start no process
	@$(activate); python tools/run_tests.py unit

test-system: build ## the tests with real processes over real DDS
	@$(activate); python tools/run_tests.py system

clean: ## remove everything that was built or installed here
	@$(PYTHON) tools/set_up clean
