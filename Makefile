# MyTalkCon. `make run` sets up and opens the chat page; `make demo` makes a sticker and a talking video;
# `make test` sets up and tests; `make train-demo` shows what FreezeD and ADA do (31 minutes).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PHOTO ?=
VOICE ?=
STYLE ?= webtoon

SIZE_ALL := about 6 GB: torch with its CUDA libraries
PYTEST := $(BIN)/python -m pytest

.PHONY: demo run test test-long train-demo lint check format clean

demo: $(VENV)/base.done
	@$(BIN)/mytalkcon demo $(if $(PHOTO),--photo "$(PHOTO)") $(if $(VOICE),--voice "$(VOICE)") --style "$(STYLE)" --out out/demo

run: $(VENV)/base.done
	$(BIN)/mytalkcon run --supervise

test: $(VENV)/test.$(if $(BASE),base,all).done
	$(PYTEST) -m "not long"

test-long: $(VENV)/test.$(if $(BASE),base,all).done
	$(PYTEST) -m long

train-demo: $(VENV)/test.all.done
	$(BIN)/python -m tests.train_demo out/train-demo

lint: $(VENV)/test.$(if $(BASE),base,all).done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(BIN)/pip-audit --skip-editable --progress-spinner off

format: $(VENV)/test.$(if $(BASE),base,all).done
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14) and "MyTalkCon needs Python 3.11 to 3.13: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/base.done: pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	sh .ci/system-libraries $(BIN)/python
	$(BIN)/mytalkcon weights fetch
	@touch $@

$(VENV)/test.base.done: $(VENV)/base.done
	@echo "BASE=1: the neural extra (torch) is left out, and so are its tests."
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,data]'
	@touch $@

$(VENV)/test.all.done: $(VENV)/base.done
	@echo "Installing everything for the tests ($(SIZE_ALL)); 'make test BASE=1' does without."
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,data,neural,metrics,train,enhance]'
	$(BIN)/mytalkcon weights fetch efficientnet-lite0-57934424.pth
	@touch $@

clean:
	rm -rf $(VENV) out
