# Everything from a fresh clone; quick when repeated.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(patsubst %,-e %,$(wildcard plugins/cbrkit-xai-*))
PROJECTS := pyproject.toml $(wildcard plugins/*/pyproject.toml)
SOURCE ?= ../shared/coco200

.PHONY: demo test quick check format bench base clean

demo: $(VENV)/.light
	$(BIN)/cbrkit-xai demo

test: $(VENV)/.full
	$(BIN)/python -m pytest -n auto

quick: $(VENV)/.full
	$(BIN)/python -m pytest -n auto -m "not slow"

check: $(VENV)/.full
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.full
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.full
	for script in benchmarks/bench_*.py; do env -u OPENBLAS_CORETYPE $(BIN)/python $$script || exit 1; done

# Rebuilds the bundled case base; needs the 200 photos, which are not part of the project.
base: $(VENV)/.full
	rm -f cbrkit_xai/bases/coco200-auto.cbr
	$(BIN)/python -m cbrkit_xai.bases.coco200 $(SOURCE) -o cbrkit_xai/bases/coco200-auto.cbr
	$(BIN)/python -m cbrkit_xai.bases.fits

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# One pip line: otherwise pip looks for the core, which the plugins need, on the registry.
$(VENV)/.light: $(VENV)/bin/python constraints.txt $(PROJECTS)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt -e ".[demo]" $(PLUGINS)
	touch $@

$(VENV)/.full: $(VENV)/bin/python constraints.txt $(PROJECTS)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt -e ".[demo,test,check]" $(PLUGINS)
	touch $(VENV)/.light $@
