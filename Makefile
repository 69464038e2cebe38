# The short forms. Each makes what it needs first: `make chat` and `make test` work right after a clone.
.PHONY: help chat install index ask test eval check format freeze clean
.DEFAULT_GOAL := help

# An empty environment (cron, a bare container) has neither, and browsers and libraries want both.
export PATH := $(or $(PATH),/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
export HOME := $(or $(HOME),$(shell getent passwd "$$(id -u)" | cut -d: -f6))

PYTHON = $(shell scripts/environment)/bin/python
DEV = $(shell scripts/environment dev)/bin/python

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

chat: ## bring the index up to date, serve the chat and print its address (PORT=7860 HOST=127.0.0.1)
	@$(PYTHON) app.py --build $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT))

install: ## the Python environment
	@scripts/environment

index: ## build the index; encodes only what changed
	@$(PYTHON) -m index build

ask: index ## ask on the command line: make ask Q="how many clusters are in go-cluster?"
	@$(PYTHON) -m answer ask "$(Q)"

test: ## environment and all tests
	@# Packages of Debian while pip installs. Without root the tests of WordPress and nginx are skipped, and say so.
	@# A file is tested in one process: its fixtures are made once. Each process has a core: with a thread for every core in
	@# both, they wait for each other (two of the longest files then take 1.6 times as long).
	@{ scripts/browser && scripts/axe >/dev/null; } & page=$$!; \
	{ scripts/wordpress install && scripts/nginx || [ "$$(id -u)" != 0 ]; } & site=$$!; \
	python=$$(scripts/environment dev)/bin/python && wait $$page && wait $$site && \
	BULLETIN_THREADS=1 OMP_NUM_THREADS=1 exec $$python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 25

eval: index ## ask the eval questions and hold the answers against thresholds and baseline
	@$(PYTHON) -m eval run
	@$(PYTHON) -m eval run --questions eval/questions/followups.jsonl --report var/eval/followups

check: ## lint, format, types
	@$(DEV) -m ruff check .
	@$(DEV) -m ruff format --check .
	@$(DEV) -m mypy .

format: ## let ruff mend what it can
	@$(DEV) -m ruff check --fix .
	@$(DEV) -m ruff format .

freeze: ## write constraints.txt from the environment, after a change of a pin
	@{ echo "# Every package of the environment, for pip's -c: \`make freeze\` writes it anew."; \
	   $(DEV) -m pip freeze | sed 's/+cpu//'; } > constraints.new && mv constraints.new constraints.txt

clean: ## remove what was built in the tree
	@rm -rf var .pytest_cache .mypy_cache .ruff_cache .hypothesis
