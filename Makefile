# make demo | make test | make lab | make check | make bench | make soak
# Everything is installed into .venv, with the versions of constraints.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKSPACE ?= flights
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get
SOURCES := pyproject.toml constraints.txt hatch_build.py extension/package.json extension/yarn.lock \
	extension/tsconfig.json extension/install.json \
	$(wildcard extension/src/* extension/style/* extension/schema/* jupyter-config/*/*)

.DEFAULT_GOAL := help
.PHONY: help install browser redis postgres demo test lab check bench soak picture constraints clean

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "proml_lab needs Python 3.11 or newer, $(PYTHON) is older: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(APT) update -q && $(APT) install -yq python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip

# Installed again only when what is installed could change.
$(VENV)/lab.done: $(SOURCES) | $(BIN)/pip
	@echo "Installing into $(VENV): some minutes the first time."
	$(BIN)/pip install -q -c constraints.txt -e '.[lab]'
	@touch $@

$(VENV)/dev.done: $(SOURCES) $(VENV)/lab.done | $(BIN)/pip
	@echo "Installing what the tests need into $(VENV)."
	$(BIN)/pip install -q -c constraints.txt -e '.[lab,dev]'
	@touch $@

install: $(VENV)/lab.done  ## install into .venv

browser:
	@command -v chromium >/dev/null || { $(APT) update -q && $(APT) install -yq chromium; }

redis:
	@command -v redis-server >/dev/null || { $(APT) update -q && $(APT) install -yq --no-install-recommends redis-server; }

postgres:
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || { $(APT) update -q && $(APT) install -yq --no-install-recommends postgresql; }

$(WORKSPACE)/proml.toml: | $(VENV)/lab.done
	$(BIN)/proml init --example flights $(WORKSPACE)

demo: $(VENV)/lab.done $(WORKSPACE)/proml.toml  ## the main job on real flights: promote the tour, say where to look
	$(BIN)/proml promote notebooks/01_flight_delay.ipynb --name flight-delay --workspace $(WORKSPACE)

test: $(VENV)/dev.done browser redis postgres  ## all tests, the browser's too
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

lab: $(VENV)/lab.done $(WORKSPACE)/proml.toml  ## JupyterLab with the flights and the tour
	PROML_WORKSPACE=$(abspath $(WORKSPACE)) $(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) \
		--ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/01_flight_delay.ipynb

check: $(VENV)/dev.done  ## ruff, formatting, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/dev.done  ## every benchmark, against its peers
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

soak: $(VENV)/dev.done redis postgres  ## the endurance runs: many seeds, kill -9 at every step of a promotion, artifacts in environments of their own
	PROML_SOAK=1 $(BIN)/python -m pytest -q -n auto --dist worksteal tests/marketplace tests/kernels tests/plots/test_thin.py tests/promote/survival --timeout=3000
	PROML_SOAK=1 $(BIN)/python -m pytest -q tests/apart --timeout=3000

picture: $(VENV)/dev.done browser  ## make the pictures of README and docs again, from the real thing
	$(BIN)/python -m pytest -q tests/browser/test_tour.py tests/browser/test_browse.py -k 'tour or sticks_out'
	mkdir -p docs/images
	cp tests/browser/shots/tour-compare-light-1280.png docs/images/lab.png
	cp tests/browser/shots/browse-light-1600.png docs/images/browse.png

constraints:  ## pin again what resolves together now
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/pip install -q '.[lab,dev]'
	{ sed -n 1p constraints.txt; build/pins/bin/pip freeze | grep -iv '^proml[-_]lab'; } > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean:  ## remove what was built
	rm -rf $(VENV) build dist extension/lib extension/node_modules proml_lab/labextension
