# Everything from a fresh clone; quick when repeated.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(patsubst %,-e %,$(wildcard plugins/cbrkit-xai-*))
PROJECTS := pyproject.toml $(wildcard plugins/*/pyproject.toml)
SOURCE ?= ../shared/coco200

.PHONY: demo test quick check format bench docs mutants type-one base clean
.DELETE_ON_ERROR:

demo: $(VENV)/.light
	$(BIN)/cbrkit-xai demo

test: $(VENV)/.full
	$(BIN)/python -m pytest -n auto -rs

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
	for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

# The pages and pictures that are made from the code.
docs: $(VENV)/.full
	$(BIN)/python docs/generate_components.py --write
	$(BIN)/python docs/draw_pictures.py

# The planted faulty components, and the check of the conformance kit that catches each.
mutants: $(VENV)/.full
	$(BIN)/python tests/kit/mutant_table.py

# How often each decision of an evaluation errs where there is nothing to find: 2,000 studies of each kind.
type-one: $(VENV)/.full
	$(BIN)/python benchmarks/type_one.py

# Rebuilds the bundled case base; needs the 200 photos, which are not part of the project.
base: $(VENV)/.full
	rm -f cbrkit_xai/bases/coco200-auto.new
	$(BIN)/python -m cbrkit_xai.bases.coco200 $(SOURCE) -o cbrkit_xai/bases/coco200-auto.new
	mv cbrkit_xai/bases/coco200-auto.new cbrkit_xai/bases/coco200-auto.cbr
	$(BIN)/python -m cbrkit_xai.bases.fits

clean:
	rm -rf $(VENV)

# A stamp, not the interpreter: an environment whose making failed halfway has one, and no pip.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

# One pip line: otherwise pip looks for the core, which the plugins need, on the registry.
$(VENV)/.light: $(VENV)/.made constraints.txt $(PROJECTS)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt -e ".[demo]" $(PLUGINS)
	touch $@

$(VENV)/.full: $(VENV)/.made constraints.txt $(PROJECTS)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt -e ".[demo,evaluation,tensorflow,test,check]" $(PLUGINS)
	touch $(VENV)/.light $@
