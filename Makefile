# Everything needs only Python 3.11+ and make; each target sets up what it uses and says so.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup run test faults faults-long burst proofs attack lint types docs real mutate linters rehearse contract clients strangers browser bench clean

help:
	@echo "make run | test | faults | faults-long | burst | proofs | attack | lint | types | docs | real | mutate | linters | rehearse | contract | clients | strangers | browser | bench | clean"

$(READY): requirements-dev.txt
	@echo "[wbsync] setting up $(VENV) (once; a minute or two)"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed')"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(READY)

setup: $(READY)

run: $(READY)
	@exec $(BIN)/python -m infra.run

test: $(READY)
	$(BIN)/python -m pytest -n 2

faults: $(READY)
	$(BIN)/python -m pytest -n 2 tests/faults -m "every_fault and not long_work"

faults-long: $(READY)
	$(BIN)/python -m pytest -n 2 tests/faults -m long_work

burst: $(READY)
	$(BIN)/python -m pytest -n 0 -s --show-capture=no tests/faults -m burst | grep -v '^{'

proofs: $(READY)
	$(BIN)/python -m pytest -n 2 -m proof
	EXAMPLES=5 $(BIN)/python -m pytest -n 2 -m hypothesis

attack: $(READY)
	$(BIN)/python -m pytest -n 2 tests/attack -m attack

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python -m infra.docs

real: $(READY)
	$(BIN)/python -m infra.real

mutate: $(READY)
	$(BIN)/python -m infra.mutate $(PACKAGES)

linters: $(READY)
	$(BIN)/python -m infra.linters

rehearse: $(READY)
	$(BIN)/python -m infra.rehearsal

contract: $(READY)
	$(BIN)/python -m infra.contract

clients: $(READY)
	$(BIN)/python -m infra.clients

strangers: $(READY)
	$(BIN)/python -m infra.strangers

browser: $(READY)
	$(BIN)/python -m infra.browser

bench: $(READY)
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) .run .build .bench .rehearsal .contract .clients .strangers .browser .linters
