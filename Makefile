# Everything below sets up its own environment first; only Python 3.10 to 3.12, git and make are needed.
#
#   make demo    walk a G1 in simulation and leave a report in results/demo
#                (make demo ARGS=--view: and in the browser while it walks)
#   make test    run the tests            (make test ARGS="tests/wm_control -k friction")
#   make lint    ruff and mypy
#   make train   train our own walking policy on the CPU: two hours on two cores  (ARGS="--seed 1")
#   make test-train   run the tests of training that need torch
#   make view    set up what shows a robot in the browser
#   make test-view    run the tests of that page, which need Chromium
#   make test-wire    run the tests of Unitree's wire against the SDK of Unitree, which needs Python 3.10
#   make table   run the walking table of docs/measured.md: 200 episodes, half an hour on two cores
#   make results compare all contestants and write README's tables from that  (SUITE=quick: ten minutes)
#   make venv    the set-up alone         (make venv PYTHON=/path/to/python3.11)
#   make lock    write requirements/ from what the environment holds now
#   make clean   remove the environment and everything that was built

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
ARGS ?=
SUITE ?= standard

# Set by the ROS wheels in any Python that started make; it would hide the wheels of our own.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE

.PHONY: help demo view test-view train test-train test-wire table results test lint format venv lock clean force

help:
	@sed -n 's/^#   //p' Makefile

demo: venv
	@$(if $(findstring --view,$(ARGS)),tools/setup_view.sh $(VENV))
	$(BIN)/wm demo $(ARGS)

view: venv
	@tools/setup_view.sh $(VENV)

test-view: venv
	@tools/setup_view.sh $(VENV)
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { echo "the page is tested in a browser: sudo apt install chromium"; exit 1; }
	$(BIN)/python -m pytest -q tests/wm_bringup/view $(ARGS)

train: venv
	@tools/setup_training.sh $(VENV)
	$(BIN)/wm train $(ARGS)

test-train: venv
	@tools/setup_training.sh $(VENV)
	$(BIN)/python -m pytest -q tests/wm_training $(ARGS)

test-wire: venv
	@tools/setup_wire.sh build/wire
	WM_WIRE_PYTHON=build/wire/bin/python $(BIN)/python -m pytest -q -m wire tests/wm_bringup/robots/unitree $(ARGS)

table: venv
	$(BIN)/wm suite walking --resume $(ARGS)

results: venv
	$(BIN)/wm compare --suite $(SUITE) --resume $(ARGS) || [ $$? -eq 1 ] # 1: a claim does not hold
	mkdir -p docs/results/$(SUITE)
	cp $(addprefix results/compare_$(SUITE)/,summary.json timings.json manifest.json) docs/results/$(SUITE)/
	for page in $$(grep -l '^<!-- results of $(SUITE): ' README.md docs/results/*.md); do \
	  $(BIN)/wm report docs/results/$(SUITE) --markdown $$page; done

test: venv
	@tools/run_tests.sh $(BIN)/python $(ARGS)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

venv: $(STAMP)

$(STAMP): pyproject.toml setup.py setup.cfg tools/setup_venv.sh $(wildcard requirements/*.txt)
	@PYTHON="$(PYTHON)" tools/setup_venv.sh $(VENV)
	@touch $@

ifneq ($(PYTHON),)
$(STAMP): force # an interpreter named on the command line replaces another one
endif

lock: venv
	$(BIN)/python tools/freeze.py > requirements/lock.tmp
	mv requirements/lock.tmp requirements/python$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])').txt
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build install log dist .pytest_cache .mypy_cache .ruff_cache .hypothesis src/*.egg-info
	find src tests launch tools -name __pycache__ -type d -prune -exec rm -rf {} +
