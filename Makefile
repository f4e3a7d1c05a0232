# The commands of this repository. `make` alone lists them. Nothing has to be prepared first: each target installs what it needs
# into .venv, from the lock files, and the front-end files from frontend/package-lock.json.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUZZ_VENV := .venv-fuzz
VERSION := $(shell cat VERSION)
IMAGE ?= dca/appliance
DOCKER ?= docker
# Behind a proxy that inspects TLS: make image CA=/etc/ssl/certs/ca-certificates.crt BUILD_NETWORK=host
CA ?=
BUILD_NETWORK ?=
comma := ,
BUILD_FLAGS := --build-arg VERSION=$(VERSION) $(if $(CA),--secret id=ca$(comma)src=$(CA)) $(if $(BUILD_NETWORK),--network $(BUILD_NETWORK))
TESTS ?= tests
# More than there are processors: most of a run is waiting.
WORKERS ?= 4
# What needs no engine, browser or database, and hardly any process: the tests of `make check`.
PURE := tests/appliance/common tests/appliance/definitions tests/appliance/events tests/appliance/privacy tests/appliance/reading \
    tests/appliance/release tests/appliance/report tests/appliance/settings tests/updater/engine tests/updater/records \
    tests/updater/releases tests/updater/replacement tests/web tests/hosting/releases tests/house/test_tree.py
# For `make crash-matrix`: a folder made by tests/engine/trixie.sh, else the engine of this machine; overlay2 or containerd.
ENGINE ?=
STORE ?=

# Demo and tests start hundreds of interpreters: modules are compiled once, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || grep -h '## ' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.run frontend ## 13 simulated printers, a hosting server and an appliance, until Ctrl-C (CHECK=1: check and exit)
	$(BIN)/python -m simulator.demo $(if $(CHECK),--check)

.PHONY: run
run: $(VENV)/.run frontend ## the appliance alone, for a real network; setup at http://localhost:8080, data in ./data
	DCA_DATA_DIR=$${DCA_DATA_DIR:-data} $(BIN)/dca run

.PHONY: style
style: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: check
check: style ## within two minutes: style, types, room boundaries and the pure tests
	$(BIN)/pytest --quiet --numprocesses $(WORKERS) --durations 20 $(PURE)

.PHONY: test
test: style frontend ## everything: style, types, room boundaries, tests (TESTS=tests/updater for a part)
	$(BIN)/pytest --numprocesses $(WORKERS) --durations 20 $(TESTS)

.PHONY: conformance
conformance: $(VENV)/.run ## `dca trust` against a checkout of theupdateframework/tuf-conformance (TUF_CONFORMANCE=DIR)
	@sh tests/conformance.sh "$(TUF_CONFORMANCE)" $(PYTHON) $(CURDIR)/$(BIN)/dca

.PHONY: crash-matrix
crash-matrix: $(VENV)/.dev ## an update disturbed at every step, on a real engine (ENGINE=FOLDER, STORE=containerd, MATRIX="--every 5 --write")
	DCA_ENGINE_ROOT=$(ENGINE) DCA_ENGINE_STORE=$(STORE) $(BIN)/python -m tests.engine.matrix --image $(IMAGE):stable $(MATRIX)

.PHONY: bench
bench: $(VENV)/.bench ## the benchmarks against their peers, beside the figures of the design (BENCH="snmp --write" for one)
	$(BIN)/python -m benchmarks $(BENCH)

.PHONY: openapi
openapi: $(VENV)/.dev ## write the document of the hosting server's API anew, from the models it is made of
	$(BIN)/python -m hosting.api.openapi >docs/protocol/openapi.json

.PHONY: fuzz
fuzz: $(FUZZ_VENV)/.run ## schemathesis against that document on a real server (FUZZ="--examples 200"); in a virtual environment of its own
	$(FUZZ_VENV)/bin/python -m tests.hosting.fuzz_api $(FUZZ)

.PHONY: format
format: $(VENV)/.dev ## bring the code into its form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: image
image: ## the container images of the appliance and the hosting server
	DOCKER_BUILDKIT=1 $(DOCKER) build $(BUILD_FLAGS) --target appliance --tag $(IMAGE):$(VERSION) --tag $(IMAGE):stable .
	DOCKER_BUILDKIT=1 $(DOCKER) build $(BUILD_FLAGS) --target hosting --tag dca/hosting:$(VERSION) --tag dca/hosting:stable .

.PHONY: translations
translations: $(VENV)/.dev ## bring the catalogues of the pages up to date with their texts; tells what is not translated
	$(BIN)/python -m web.catalogue

.PHONY: lock
lock: $(VENV)/.dev ## write the lock files anew from pyproject.toml
	sh requirements/lock.sh $(BIN)/python

.PHONY: frontend
frontend: webui/static/vendor/.built ## the front-end files, from npm by lock file

webui/static/vendor/.built: frontend/package-lock.json $(wildcard frontend/*.css frontend/*.js frontend/*.json frontend/*.py frontend/*.sh) | $(VENV)/.run
	@NPM="$$(sh requirements/npm.sh $(BIN)/python)" sh frontend/build.sh
	@touch $@

$(VENV)/.run: requirements/hosting.lock requirements/build.lock pyproject.toml VERSION
	@sh requirements/install.sh $(PYTHON) $(VENV) requirements/hosting.lock
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.run
	@sh requirements/install.sh $(PYTHON) $(VENV) requirements/dev.lock
	@touch $@

$(FUZZ_VENV)/.run: requirements/fuzz.lock requirements/build.lock pyproject.toml VERSION
	@sh requirements/install.sh $(PYTHON) $(FUZZ_VENV) requirements/fuzz.lock
	@touch $@

$(VENV)/.bench: requirements/bench.lock $(VENV)/.run
	@sh requirements/install.sh $(PYTHON) $(VENV) requirements/bench.lock
	@touch $@

.PHONY: clean
clean: ## remove everything that was installed or built here (never ./data)
	rm -rf $(VENV) $(FUZZ_VENV) build *.egg-info frontend/node_modules webui/static/vendor hosting/console/static/vendor
