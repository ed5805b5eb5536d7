# make demo: inspect this machine.  make test: everything.  make help: the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := build/demo
PYTEST_WORKERS ?= 3

.PHONY: help demo test test-newest gate unit lab-up lab-down evening year wheel wheelhouse docs benchmark clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/.runtime: pyproject.toml hatch_build.py $(wildcard constraints/*.txt)
	@python=$$(setup/find-python) && { [ -x $(BIN)/python ] || "$$python" -m venv $(VENV); }
	@mkdir -p .ansible/ansible_collections/maintkit && ln -sfn ../../.. .ansible/ansible_collections/maintkit/ops
	@echo "setup: installing maintkit into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c $$(setup/constraints $(BIN)/python) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@echo "setup: installing the test tools into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c $$(setup/constraints $(BIN)/python) -e '.[dev]'
	@touch $@

demo: ## inspect this machine and write the inspection record (build/demo)
	@setup/prepare demo
	@$(MAKE) --no-print-directory $(VENV)/.runtime
	@[ -e $(DEMO)/contract.yml ] || $(BIN)/maintkit init $(DEMO)
	@$(BIN)/maintkit inspect --site $(DEMO) --engineer "$${USER:-demo}" || [ $$? -ge 10 -a $$? -le 13 ]
	@$(BIN)/maintkit report inspection --site $(DEMO) || [ $$? -eq 8 ]

test: ## the quality gate and every test
	@setup/prepare test
	@$(MAKE) --no-print-directory $(VENV)/.dev
	@# The gate beside the tests, which often wait for hosts; its lines stand among theirs, and pytest's are the last.
	@# By file: the tests of one share their hosts, and some go on from where the one before ended.
	@setup/gate $(BIN) & gate=$$!; \
	  $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile --durations 40 --durations-min 8; tests=$$?; \
	  wait $$gate || { echo "gate: failed, see above"; exit 1; }; exit $$tests

test-newest: ## the same tests on Python 3.13 with the newest ansible-core
	@PYTHON=python3.13 $(MAKE) --no-print-directory VENV=.venv-newest test

gate: $(VENV)/.dev ## linters, types, import laws, Ansible's own checks
	@setup/gate $(BIN)

unit: $(VENV)/.dev ## only the fast tests
	@$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) tests/unit

lab-up: $(VENV)/.runtime ## boot the practice hospital and make a site of it (build/hospital), or HOSTS=n plain hosts
	@setup/prepare lab
	@if [ -n "$(HOSTS)" ]; then PYTHONPATH=molecule $(BIN)/python -m lab up --hosts $(HOSTS); \
	  else PYTHONPATH=molecule $(BIN)/python -m lab.hospital up --site build/hospital; fi

lab-down: $(VENV)/.runtime ## remove every lab of this machine
	@PYTHONPATH=molecule $(BIN)/python -m lab down

year: ## play a contract year on a fake clock, with its documents (build/year)
	@setup/prepare year || true
	@$(MAKE) --no-print-directory $(VENV)/.dev
	@rm -rf build/year && mkdir -p build/year
	@MAINTKIT_YEAR_DIR=$(CURDIR)/build/year $(BIN)/python -m pytest tests/year -v -s

evening: $(VENV)/.dev ## replay a maintenance evening on the practice hospital, under load (needs root)
	@setup/prepare test
	@$(BIN)/python -m pytest tests/lab/test_changes.py -v

wheel: $(VENV)/.dev ## build the wheel (dist)
	@rm -rf dist && $(BIN)/python -m build --wheel --outdir dist . >/dev/null && ls dist

wheelhouse: wheel ## the wheel and all it needs, for a network without the internet (wheelhouse)
	@rm -rf wheelhouse && mkdir wheelhouse
	@$(BIN)/pip wheel --quiet --disable-pip-version-check -c $$(setup/constraints $(BIN)/python) \
	  --wheel-dir wheelhouse "$$(ls dist/*.whl)[postgresql]"
	@echo "install with: pip install --no-index --find-links wheelhouse maintkit"

benchmark: $(VENV)/.dev ## one trip against the alternatives, at 20 and 100 targets (needs sshd)
	@$(BIN)/python benchmarks/onetrip.py

clean: ## remove what make made
	rm -rf $(VENV) .venv-newest .ansible build dist wheelhouse
