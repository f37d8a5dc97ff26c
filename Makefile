# make run    start faafo on this machine: no root, no server, no configuration needed
# make unit   run the unit tests: no server, no system package; about a minute
# make test   install what the tests need, then run all of them
# make test-galera  start a Galera cluster with two APIs, and cut a node off; takes a minute
# make test-postgresql  run the tests with a database server on PostgreSQL in place of MariaDB
# make lint   check style, format and types, and the playbook
# make chaos  kill everything while fractals are rendered, and count; takes up to 50 minutes
# make soak   ten minutes of load, to see that nothing grows
# make fuzz   send the API 5000 requests of all kinds; make test sends fewer
# make bench  measure speed against peers, in Markdown and plots; takes about 20 minutes
# make bench-tiles  ask for tiles while all slots render, and see how long they take
# make test-kubernetes  start the Pods of kubernetes/overlays/trial with podman; needs root and Debian
# make test-container  build the container image, run each part of it, and start compose.yaml; needs root and Debian
# make test-upgrade  upgrade the release before to this one, service by service, while fractals are posted
# make test-release  build this commit as a release from a tag, install the wheel, and try it
# make test-deploy  boot three hosts, run the playbook on them and break things; needs root and Debian
# make screenshots  take the pictures of the user guide anew
# make contact-sheet  make the pictures of the generator and the palettes in the user guide anew
# make docs, make drawings, make genconfig, make clean: see below

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/pip --quiet --disable-pip-version-check
# Compile once what pip has left to be compiled: otherwise each process does so again.
export PYTHONDONTWRITEBYTECODE =
ENTER_LAB = BINDEP=$(BIN)/bindep tools/enter-lab

.DEFAULT_GOAL = help
.PHONY: help run unit test test-postgresql test-packages compiled test-upgrade test-release test-container test-deploy test-galera chaos soak fuzz lint docs drawings genconfig bench bench-tiles screenshots contact-sheet clean

help:
	@sed -n 's/^# make/make/p' Makefile

run: $(VENV)/.installed
	@exec $(BIN)/faafo-all $(ARGS)

# More processes than cores, since many tests wait.
unit: $(VENV)/.unit-installed
	tools/in-memory $(BIN)/python -m pytest -n 4 --dist worksteal -p no:playwright -p no:schemathesis tests/unit $(ARGS)

# Keystone is installed while all else is installed and compiled.
test: $(VENV)/.installed
	@$(MAKE) --no-print-directory --jobs=3 test-packages compiled $(VENV)/.keystone-installed
	tools/in-memory $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-upgrade: $(VENV)/.tests-installed
	tools/install-test-packages $(BIN)/bindep
	tools/in-memory $(BIN)/python -m pytest -p no:cacheprovider -p no:playwright -p no:schemathesis \
	    $(wildcard tests/upgrade/check_*.py) $(ARGS)

# Those of a SQLite file, too.
test-postgresql: $(VENV)/.installed
	@$(MAKE) --no-print-directory --jobs=3 test-packages compiled $(VENV)/.keystone-installed
	FAAFO_TEST_DATABASE=postgresql tools/in-memory $(BIN)/python -m pytest -n 3 --dist loadfile \
	    --no-loadscope-reorder tests/functional tests/unit/db $(ARGS)

test-release: $(VENV)/.tests-installed
	$(BIN)/python -m pytest -p no:cacheprovider -p no:playwright -p no:schemathesis \
	    tests/release/check_release.py $(ARGS)

test-container: $(VENV)/.tests-installed
	$(ENTER_LAB) "test container" $(BIN)/python -m pytest -p no:cacheprovider \
	    tests/container/check_image.py tests/container/check_compose.py $(ARGS)

test-deploy: $(VENV)/.tests-installed
	$(ENTER_LAB) deploy $(BIN)/python -m pytest -p no:cacheprovider \
	    tests/deploy/check_three_hosts.py tests/deploy/check_one_host.py $(ARGS)

test-galera: $(VENV)/.tests-installed
	tools/install-test-packages $(BIN)/bindep
	$(BIN)/python -m pytest -p no:cacheprovider tests/functional/check_galera.py $(ARGS)

chaos: $(VENV)/.tests-installed
	tools/install-test-packages $(BIN)/bindep
	$(BIN)/python -W ignore -m tests.chaos $(ARGS)

.PHONY: test-kubernetes
test-kubernetes: $(VENV)/.tests-installed
	@tools/install-kubectl $(BIN)
	$(ENTER_LAB) "test container" $(BIN)/python -m pytest -p no:cacheprovider \
	    tests/kubernetes/check_trial.py $(ARGS)

soak: $(VENV)/.tests-installed
	tools/install-test-packages $(BIN)/bindep
	$(BIN)/python -W ignore -m tests.soak $(ARGS)

fuzz: $(VENV)/.tests-installed
	FAAFO_FUZZ_REQUESTS=5000 $(BIN)/python -m pytest tests/functional/test_openapi.py $(ARGS)

lint: $(VENV)/.tests-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd ansible && PATH="$(abspath $(BIN)):$$PATH" ansible-lint --offline --strict --profile production

docs: $(VENV)/.docs-installed
	$(BIN)/sphinx-build -W --keep-going -E -b html doc/source doc/build/html

# The drawings are part of the repository: only a change of one needs Graphviz.
drawings:
	@command -v dot >/dev/null || { echo "make drawings needs dot: install the package graphviz" >&2; exit 1; }
	for drawing in workflow life; do \
	    dot -Tsvg doc/source/images/$$drawing.dot -o doc/source/images/$$drawing.svg || exit 1; \
	done

genconfig: $(VENV)/.installed
	$(BIN)/oslopolicy-sample-generator --config-file etc/oslo-policy-generator/faafo.conf
	for service in api notifier producer reader worker; do \
	    $(BIN)/oslo-config-generator --config-file etc/oslo-config-generator/$$service.conf; \
	done

bench: $(VENV)/.bench-installed $(VENV)/.keystone-installed
	tools/install-test-packages $(BIN)/bindep bench
	$(BIN)/python -W ignore -m benchmarks $(ARGS)

bench-tiles: $(VENV)/.tests-installed
	tools/install-test-packages $(BIN)/bindep
	$(BIN)/python -W ignore -m benchmarks.tiles $(ARGS)

screenshots: $(VENV)/.tests-installed
	tools/install-test-packages $(BIN)/bindep
	$(BIN)/python -W ignore -m tests.screenshots doc/source/user/images

contact-sheet: $(VENV)/.installed
	$(BIN)/python -m benchmarks.sheets doc/source/user/images

clean:
	rm -rf $(VENV) build dist cover doc/build .pytest_cache .ruff_cache .tox *.egg-info

test-packages: $(VENV)/.tests-installed
	@tools/install-test-packages $(BIN)/bindep
	@tools/install-kubectl $(BIN)

# Otherwise each of the processes that begin the tests does so.
compiled: $(VENV)/.tests-installed
	@$(BIN)/python -c 'from faafo.cmd import all; from faafo.render import escape; escape.warm_up()'

$(VENV)/.installed: requirements.txt setup.cfg
	@echo "Installing faafo into $(VENV); this takes about a minute, once." >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "faafo needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.unit-installed: $(VENV)/.installed tests/unit/requirements.txt
	@$(PIP) install --editable '.[s3,clouds,tracing,film]' -r tests/unit/requirements.txt
	@touch $@

$(VENV)/.tests-installed: $(VENV)/.installed test-requirements.txt tests/unit/requirements.txt
	@# Much of it is never imported: what is, is compiled then.
	@$(PIP) install --no-compile --editable '.[s3,clouds,tracing,film]' -r test-requirements.txt
	@touch $(VENV)/.unit-installed $@

# Keystone has a virtual environment of its own: no test imports it.
$(VENV)/.keystone-installed: $(VENV)/.installed tests/functional/keystone-requirements.txt
	@rm -rf $(VENV)/keystone
	@$(PYTHON) -m venv $(VENV)/keystone
	@$(VENV)/keystone/bin/pip --quiet --disable-pip-version-check install -r tests/functional/keystone-requirements.txt
	@touch $@

$(VENV)/.bench-installed: $(VENV)/.tests-installed benchmarks/requirements.txt
	@$(PIP) install -r benchmarks/requirements.txt
	@touch $@

$(VENV)/.docs-installed: $(VENV)/.installed doc/requirements.txt
	@$(PIP) install -r doc/requirements.txt
	@touch $@
