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
strictly_typed := $(addprefix $(control)/,core plant hardware sessions analysis)

# Two at a time suits the smallest machine. What measures real time runs alone.
unit_workers ?= 2
system_workers ?= 2
live_tests := hardware sessions
alone := $(addprefix test/safety/test_,clock_jumps.py overload.py reaction_times.py two_hosts.py)

# A broken promise (exit code 1) belongs on the page; anything else that fails ends the run.
kept = $(1) || test $$? -eq 1

.PHONY: help build fuzz demo test test-unit test-system test-live test-safety test-timing evidence fuzz-requests lint format bench bench-latency bench-control campaign docs lock clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

build: ## prepare everything (two minutes the first time, then under a second)
	@$(PYTHON) tools/set_up build

demo: build ## a whole session on simulated boots: live view, bag, report
	@$(activate); boots demo

test: test-unit test-system test-live test-safety test-timing ## every test

test-unit: build ## the tests of the package, which start no processes
	@$(activate); python -m pytest -n $(unit_workers) $(unit_tests) $(PYTEST_OPTIONS)

test-system: build ## the tests of the whole: commands, recordings, documents, set-up
	@$(activate); python -m pytest -n $(system_workers) --dist loadfile test $(addprefix --ignore=test/,safety $(live_tests)) $(PYTEST_OPTIONS)

test-live: build ## sessions on emulated devices and with a person's changes, in real time
	@$(activate); python -m pytest -n $(system_workers) --dist loadfile $(addprefix test/,$(live_tests)) $(PYTEST_OPTIONS)

test-safety: build ## real processes that lie, break off and come back
	@$(activate); python -m pytest -n $(system_workers) --dist loadfile test/safety $(addprefix --ignore=,$(alone)) $(PYTEST_OPTIONS)

test-timing: build ## real processes that are killed and hang, links that fail, a busy machine: reaction times
	@$(activate); python -m pytest $(alone) $(PYTEST_OPTIONS)

lint: build ## style, layout and types
	@$(activate); python -m ruff check .
	@$(activate); python -m ruff format --check .
	@$(activate); python -m mypy $(strictly_typed) tools/set_up

format: build ## put the layout right, and what else can be put right by itself
	@$(activate); python -m ruff check --fix-only .
	@$(activate); python -m ruff format .

bench: build bench-latency bench-control ## every benchmark
	@$(activate); for program in $(filter-out %/bench_latency.py %/bench_control.py,$(wildcard tools/bench_*.py)); do python $$program; done

bench-latency: build ## time from sensor to valve, over real processes
	@$(activate); python tools/bench_latency.py

bench-control: build ## pressure control against the limits of physics, and beside other laws
	@$(activate); python tools/bench_control.py

evidence: build ## reaction times into docs/figures, under half an hour; tries=2 is quick; idle machine
	@$(activate); python tools/reaction_times.py $(if $(tries),--tries $(tries))

fuzz-requests: build ## a million messages: no garbage may open an inlet
	@$(activate); python tools/fuzz_requests.py --messages 1000000

fuzz: build ## 100000 protocol files at random: none may break the reader or the compiler
	@$(activate); python tools/fuzz_protocols.py --cases 100000

campaign: build ## 10,000 sessions without faults, 10,000 with them, and their page; goes on where it was
	@$(activate); $(call kept,boots campaign --sessions 10000 --seed 42 --folder campaigns/sound)
	@$(activate); $(call kept,boots campaign --sessions 10000 --seed 42 --faults --folder campaigns/faults)
	@$(activate); python tools/docs/campaigns.py --take campaigns/sound campaigns/faults

docs: build ## generate the pages and pictures in docs/
	@$(activate); for program in tools/docs/*.py; do python $$program; done

lock: ## pin what requirements.in asks for, anew, in requirements.lock
	@$(PYTHON) tools/set_up lock

clean: ## remove everything that was built or installed here
	@$(PYTHON) tools/set_up clean
