# Every command of the project. What they make lies in .venv/ (virtual environments) and .cache/ (images,
# logs, the tree that makes this checkout importable as a collection); `make clean` removes both.

PYTHON ?= python3
SCENARIO ?=
CORE ?=
ARGS ?=
EXAMPLES ?= 20000
RACES ?= 300
KILLED ?= 500
SITUATIONS ?= 200
PYTHONS ?= 3.8 3.9 3.10 3.11 3.12 3.13 3.14
CORES ?= 2.18 2.19 2.20 2.21 2.22
FUZZ_SECONDS ?= 60
SEED ?= 1
MUTANTS ?= 20
THRESHOLD ?= 95
FILES ?=
FUZZ_INPUT ?= .cache/fuzz

tree := .cache/collections
provision_venv ?= .venv/provision
test_venv := .venv/test
sanity_home := .cache/sanity
docs_venv := .venv/docs
fuzz_venv := .venv/fuzz
benchmark_venv := .venv/benchmark
with_peers := PYTHONPATH="$(CURDIR)/$(tree)" $(benchmark_venv)/bin/python
with_test_tools := PATH="$(CURDIR)/$(test_venv)/bin:$$PATH"

export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(tree)
export ANSIBLE_HOME := $(CURDIR)/.cache/ansible
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis
# The virtual environments are installed without byte code: Python writes what is used at its first use.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help provision test lint sanity molecule root as-root browser picture unit properties soak pythons versions fuzz mutation
.PHONY: benchmark-engine benchmark-fleet benchmark-payload benchmark-cache benchmark-survival measurements compare
.PHONY: docs recordings changelog release clean

help:
	@echo "make provision       give this machine its pip configuration (ARGS='--check --diff' only shows it)"
	@echo "make test            all tests: molecule, root, lint, docs, browser, unit"
	@echo "make lint            read the sources: ruff, mypy, yamllint, shellcheck, ansible-lint"
	@echo "make sanity          ansible-test sanity, with no exceptions (CORE=2.22 takes that ansible-core's)"
	@echo "make molecule        the scenarios on real hosts, two at a time (JOBS=1); SCENARIO=default runs one, KEEP=1 keeps its hosts"
	@echo "make root            the tests that make throw-away users of this machine; only root can run them"
	@echo "make unit            the unit tests, and the commands of the README from end to end"
	@echo "make browser         the report of an audit in a real Chromium, without a window"
	@echo "make picture         the picture of docs/audit.md"
	@echo "make properties      the properties of the INI engine, each tried on EXAMPLES=20000 files"
	@echo "make soak            the long runs: properties, RACES=300 races, KILLED=500 writers, SITUATIONS=200 of check mode, all faults"
	@echo "make pythons         the unit tests on every Python of a target that is found (PYTHONS='3.8 3.13' on these)"
	@echo "make versions        the tests from end to end and the modules' with each ansible-core (CORES=2.18 with one, devel: the next one)"
	@echo "make fuzz            FUZZ_SECONDS=60 of a search for files that the INI engine gets wrong"
	@echo "make mutation        change MUTANTS=20 places in each file of the core, and list what no test notices (SEED=1, FILES=_ini/merge.py)"
	@echo "make benchmark-engine   the speed of the INI engine beside other tools', and the bars it must meet"
	@echo "make benchmark-fleet    the cost of a run over many hosts beside stock modules and a ping, half an hour (ARGS=--quick: 3 minutes)"
	@echo "make benchmark-payload  what is sent to a host for each module, and its import there"
	@echo "make benchmark-cache    installing with a cold and with a warm cache, and what the index is asked for"
	@echo "make benchmark-survival what survives kills, other writers, a full disk and a hostile user, here and with other tools"
	@echo "make measurements    write what was measured into README.md and docs/"
	@echo "make compare         all merges by example, by this collection and by other tools"
	@echo "make docs            check the documentation and build its site (make recordings draws its terminals anew)"
	@echo "make changelog       what the fragments would become; make release writes CHANGELOG.rst and builds the artefact"
	@echo "make clean           remove .venv/ and .cache/"
	@echo "PYTHON=python3.12    another Python for the virtual environments, 3.11 or newer"

# The target's interpreter is the Python that make was called with: its pip is the one this user has. Left
# to itself Ansible would take the system's, whose pip may be another one, or missing.
provision: $(provision_venv)/.stamp $(tree)/.stamp
	@ANSIBLE_REMOTE_TEMP="$(CURDIR)/.cache/ansible/tmp" $(provision_venv)/bin/ansible-playbook \
		-i localhost, -c local \
		-e ansible_python_interpreter="$$($(PYTHON) -c 'import sys; print(sys.executable)')" \
		-e workstation_hosts=localhost playbooks/workstation.yml $(ARGS)

# Side by side, the longest first, since each of these waits a lot. The unit tests use all cores by themselves, and
# come last: the last lines are then pytest's count.
test:
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target molecule root lint docs browser
	@$(MAKE) --no-print-directory unit

lint: $(test_venv)/.stamp $(tree)/.stamp
	@$(with_test_tools) tests/tools/lint $(tree)

# With CORE=2.18 it is that ansible-core's; else the one that the other tests use.
sanity: $(if $(CORE),,$(test_venv)/.stamp)
	@$(if $(CORE),tests/tools/make-core-venv $(CORE) .venv/versions)
	@PATH="$(CURDIR)/$(if $(CORE),.venv/versions/$(CORE),$(test_venv))/bin:$$PATH" tests/tools/sanity $(sanity_home) $(ARGS)

molecule: $(test_venv)/.stamp $(tree)/.stamp
	@$(with_test_tools) tests/tools/run-molecule $(SCENARIO)

root: as-root $(test_venv)/.stamp $(tree)/.stamp
	@tests/tools/install-packages jq zsh strace
	@$(with_test_tools) PYTHONPATH="$(CURDIR)/$(tree)" pytest -o cache_dir=.cache/pytest tests/root $(ARGS)

as-root:
	@[ "$$(id -u)" = 0 ] || { echo "make root: its tests make throw-away users, so run it as root." >&2; exit 1; }

unit: $(test_venv)/.stamp $(tree)/.stamp
	@$(with_test_tools) PYTHONPATH="$(CURDIR)/$(tree)" pytest -o cache_dir=.cache/pytest -n auto --dist loadfile \
		tests/unit tests/end_to_end $(ARGS)

browser: $(test_venv)/.stamp $(tree)/.stamp
	@tests/tools/install-browser
	@$(with_test_tools) PYTHONPATH="$(CURDIR)/$(tree)" pytest -o cache_dir=.cache/pytest tests/browser $(ARGS)

picture: $(test_venv)/.stamp $(tree)/.stamp
	@tests/tools/install-browser
	@$(with_test_tools) PYTHONPATH="$(CURDIR)/$(tree)" python tests/browser/picture.py

properties: $(test_venv)/.stamp $(tree)/.stamp
	@$(with_test_tools) PYTHONPATH="$(CURDIR)/$(tree)" INI_EXAMPLES=$(EXAMPLES) \
		pytest -v -o cache_dir=.cache/pytest --durations=0 \
		tests/unit/plugins/module_utils/_ini/test_properties.py tests/unit/plugins/module_utils/_ini/test_properties_of_lists.py \
		tests/unit/plugins/module_utils/_ini/test_document.py $(ARGS)

soak: properties as-root
	@tests/tools/install-packages strace
	@$(with_test_tools) PYTHONPATH="$(CURDIR)/$(tree)" RACES=$(RACES) KILLED=$(KILLED) SITUATIONS=$(SITUATIONS) FAULTS=all \
		pytest -v -o cache_dir=.cache/pytest --durations=0 tests/root -m soak $(ARGS)

pythons: $(tree)/.stamp
	@RELEASES="$(PYTHONS)" tests/tools/on-every-python .venv/pythons $(tree) \
		tests/unit/plugins/module_utils tests/unit/plugins/modules --without-pips $(ARGS)

versions: $(tree)/.stamp
	@CORES="$(CORES)" tests/tools/on-every-ansible-core .venv/versions $(tree) \
		-n auto --dist loadfile \
		tests/end_to_end tests/unit/plugins/action tests/unit/plugins/modules tests/unit/windows_stand_in --without-pips $(ARGS)

fuzz: $(fuzz_venv)/.stamp $(tree)/.stamp
	@mkdir -p .cache/fuzz
	@PYTHONPATH="$(CURDIR)/$(tree)" $(fuzz_venv)/bin/python tests/fuzz/ini_engine.py -max_total_time=$(FUZZ_SECONDS) \
		-max_len=300 -dict=tests/fuzz/ini.dict -artifact_prefix=.cache/fuzz/ $(FUZZ_INPUT)

mutation: $(test_venv)/.stamp
	@$(with_test_tools) python tests/tools/mutation.py --seed $(SEED) --mutants $(MUTANTS) --threshold $(THRESHOLD) $(FILES)

benchmark-engine: $(benchmark_venv)/.stamp $(tree)/.stamp
	@$(with_peers) benchmarks/engine.py --write docs/measurements/engine.json $(ARGS)

benchmark-fleet: $(benchmark_venv)/.stamp $(tree)/.stamp
	@tests/tools/prepare-hosts
	@$(with_peers) benchmarks/fleet.py --write docs/measurements/fleet.json $(ARGS)

benchmark-payload: $(benchmark_venv)/.stamp $(tree)/.stamp
	@$(with_peers) benchmarks/payload.py --write docs/measurements/payload.json $(ARGS)

benchmark-cache: $(test_venv)/.stamp $(tree)/.stamp
	@$(with_test_tools) PYTHONPATH="$(CURDIR)/$(tree)" python benchmarks/cache.py --write docs/measurements/cache.json $(ARGS)

benchmark-survival: as-root $(benchmark_venv)/.stamp $(tree)/.stamp
	@$(with_peers) benchmarks/survival.py --write docs/measurements/survival.json $(ARGS)

compare: $(benchmark_venv)/.stamp $(tree)/.stamp
	@$(with_peers) benchmarks/compare.py --write docs/comparison.md \
		tests/unit/plugins/module_utils/_ini/merge_cases.yml $(ARGS)

docs: $(docs_venv)/.stamp $(tree)/.stamp
	@PATH="$(CURDIR)/$(docs_venv)/bin:$$PATH" tests/tools/build-docs $(tree) .cache/docs

recordings: $(docs_venv)/.stamp $(provision_venv)/.stamp
	@$(docs_venv)/bin/python docs/site/record_terminal.py docs/terminal.svg

measurements:
	@$(PYTHON) benchmarks/measurements.py

changelog: $(test_venv)/.stamp
	@$(with_test_tools) tests/tools/release --preview

release: $(test_venv)/.stamp
	@$(with_test_tools) tests/tools/release

clean:
	rm -rf .venv .cache

$(provision_venv)/.stamp: playbooks/requirements.txt tests/tools/make-venv
	@tests/tools/make-venv $(PYTHON) $(provision_venv) playbooks/requirements.txt
	@touch $@

$(test_venv)/.stamp: tests/requirements.txt tests/tools/make-venv
	@tests/tools/make-venv $(PYTHON) $(test_venv) tests/requirements.txt
	@touch $@

$(docs_venv)/.stamp: docs/site/requirements.txt tests/tools/make-venv
	@tests/tools/make-venv $(PYTHON) $(docs_venv) docs/site/requirements.txt
	@touch $@

$(fuzz_venv)/.stamp: tests/fuzz/requirements.txt tests/tools/make-venv
	@tests/tools/make-venv $(PYTHON) $(fuzz_venv) tests/fuzz/requirements.txt
	@touch $@

$(benchmark_venv)/.stamp: benchmarks/requirements.txt tests/tools/make-venv
	@tests/tools/make-venv $(PYTHON) $(benchmark_venv) benchmarks/requirements.txt
	@touch $@

# Ansible finds a collection only below a directory of this shape.
$(tree)/.stamp:
	@mkdir -p $(tree)/ansible_collections/devfleet
	@ln -sfn ../../../.. $(tree)/ansible_collections/devfleet/pip
	@touch $@
