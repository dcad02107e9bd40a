# Everything needs only Python 3.11+ and make; each target sets up what it uses and says so.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUN_READY := $(VENV)/.run-ready

.PHONY: help setup run test test-long faults faults-long burst proofs simulate simulate-http storage planted soak attack lint types docs real year mutate linters rehearse contract clients strangers browser bench clean

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

# What running needs is a part of what development needs, in the same environment.
$(RUN_READY): requirements-run.txt
	@echo "[wbsync] installing what running needs into $(VENV) (once; a minute)"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed')"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-run.txt
	@touch $(RUN_READY)

$(READY): requirements-dev.txt $(RUN_READY)
	@echo "[wbsync] installing what development needs into $(VENV) (once; a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(READY)

setup: $(READY)  ## the environment for development

run: $(RUN_READY)  ## the whole service with a demo company; PORT=9000, KEEP=1, RATE_LIMITS=off
	@exec $(BIN)/python -m infra.run

test: $(READY)  ## all tests but the long ones
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-long: $(READY)  ## the tests that take seconds each; minutes
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "long and not every_fault and not long_work and not attack and not proof and not burst and not ministack"

faults: $(READY)  ## every fault at every storage call of every write; PART=4: at each fourth
	$(BIN)/python -m pytest -n 2 tests/faults -m "every_fault and not long_work"

faults-long: $(READY)  ## the same within moves, deletions and imports
	$(BIN)/python -m pytest -n 2 tests/faults -m long_work

burst: $(READY)  ## a burst of writes over many operatives
	$(BIN)/python -m pytest -n 0 -s --show-capture=no tests/faults -m burst | grep -v '^{'

proofs: $(READY)  ## slower proofs: more examples of every property
	$(BIN)/python -m pytest -n 2 -m proof
	EXAMPLES=5 $(BIN)/python -m pytest -n 2 -m hypothesis

simulate: $(READY)  ## histories from a seed over storage that breaks, against a model; RUNS=60 SEED=1 STEPS=200
	$(BIN)/python -m infra.simulator $(OPTIONS)

simulate-http: $(READY)  ## the same histories over HTTP, without faults; RUNS=3 SEED=1, OPTIONS=--rehearsal: on the deployment
	$(BIN)/python -m infra.simulator.over_http $(OPTIONS)

storage: $(READY)  ## the simulator's storage against MiniStack's, by random calls
	$(BIN)/python -m pytest tests/simulator -m ministack

planted: $(READY)  ## makes the product wrong in 120 ways; after how many histories each is found
	$(BIN)/python -m infra.simulator.planted

soak: $(READY)  ## mixed load for a while, and whether anything was lost or left behind; MINUTES=20 DEVICES=2000
	$(BIN)/python -m infra.soak

attack: $(READY)  ## the worst inputs of every parameter and field
	$(BIN)/python -m pytest -n 2 tests/attack -m attack

lint: $(READY)  ## ruff
	$(BIN)/ruff check .

types: $(READY)  ## mypy, strict
	$(BIN)/mypy

docs: $(READY)  ## does what the pages say, and compares
	$(BIN)/python -m infra.docs

real: $(READY)  ## the main job on a real work breakdown
	$(BIN)/python -m infra.real

year: $(READY)  ## a year of a site, every figure from scratch; OPTIONS=--rehearsal: on the deployment
	$(BIN)/python -m infra.year $(OPTIONS)

mutate: $(READY)  ## makes the code wrong in one place at a time; PACKAGES=labour
	$(BIN)/python -m infra.mutate $(PACKAGES)

linters: $(READY)  ## cfn-lint and an IAM linter on the packaged template
	$(BIN)/python -m infra.linters

rehearse: $(READY)  ## the runbook's own lines on an AWS on loopback
	$(BIN)/python -m infra.rehearsal

contract: $(READY)  ## a fuzzer with every check on, against the served schema
	$(BIN)/python -m infra.contract

clients: $(READY)  ## a generated client does the main job
	$(BIN)/python -m infra.clients

strangers: $(READY)  ## linters, importers and a warehouse loader of others
	$(BIN)/python -m infra.strangers

browser: $(READY)  ## the pages in a real Chromium
	$(BIN)/python -m infra.browser

bench: $(READY)  ## storage calls, capacity and times
	$(BIN)/python -m bench

clean:  ## removes environments and build directories
	rm -rf $(VENV) .run .build .bench .rehearsal .contract .clients .strangers .browser .linters
