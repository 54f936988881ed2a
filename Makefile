# `make` alone lists what there is. Settings go in the environment or on the line: make run KB_PORT=9000
.DEFAULT_GOAL := help

BIN := .venv/bin

export KB_HOME ?= ./var
export KB_PORT ?= 8000

# Articles and judged queries to measure against. Not part of the project, and nothing else needs them.
CORPORA ?= ../shared/corpora
SETS ?= $(sort $(wildcard $(CORPORA)/sets/*))
CORPUS ?= $(CORPORA)/articles/dev-kb.jsonl.gz
SIZES ?= 10000
ENGINE ?= whoosh
QUERIES ?= $(CORPORA)/sets/mixed-kb/queries.jsonl

SHOTS_URL ?= http://127.0.0.1:$(KB_PORT)
SHOTS_OUT ?= var/shots
SHOTS ?= /

.PHONY: help
help:  ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':[^#]*## *' '{ printf "  make %-12s %s\n", $$1, $$2 }'

.PHONY: run
run: runtime  ## Set up what is missing and serve on KB_PORT (8000), with the data in KB_HOME (./var)
	@exec $(BIN)/kb start

.PHONY: test
test: dev system  ## Set up what the tests need, and run every check
	@scripts/check

.PHONY: setup
setup: dev system  ## Set up everything, for running and for testing; start nothing

.PHONY: runtime
runtime:  ## Set up what a server needs, and nothing for tests; start nothing
	@scripts/venv runtime

.PHONY: lint
lint: dev  ## Run the checks that take seconds: format, lint, types, layers
	@scripts/check --static

.PHONY: bench
bench: dev system-bench corpus  ## Measure speed beside its peers over CORPUS at SIZES="10000 50000" (ENGINE=whoosh,tantivy, ARGS=--help)
	@$(BIN)/python -W ignore -m tests.bench $(CORPUS) --queries $(QUERIES) --sizes $(SIZES) --engine $(ENGINE) $(ARGS)

.PHONY: bench-hostile
bench-hostile: dev corpus  ## Measure 600 hostile queries to a site, and how long others wait meanwhile (ARGS="--engine tantivy")
	@$(BIN)/python -W ignore -m tests.bench.hostile $(CORPUS) --queries $(QUERIES) $(ARGS)

.PHONY: bench-cases
bench-cases: dev  ## Measure pages of cases and reports at 1,000 to 100,000 cases (ARGS="--sizes 1000 --store sqlite")
	@$(BIN)/python -W ignore -m tests.case_bench $(ARGS)

.PHONY: bench-site
bench-site: dev corpus  ## Measure an import of 10,000 articles of CORPUS through a running site (ARGS="--count 1000")
	@$(BIN)/python -W ignore -m tests.import_bench $(CORPUS) $(ARGS)

.PHONY: eval
eval: dev sets  ## Measure relevance over SETS, folders of judged queries, beside the baselines (ARGS="--part hold")
	@$(BIN)/python -W ignore -m tests.quality.baselines $(SETS) $(ARGS)

.PHONY: fit
fit: dev sets  ## Fit the weights of the score to the tuning half of SETS, and say what they are worth on others
	@$(BIN)/python -W ignore -m tests.quality.fitting $(SETS) $(ARGS)

.PHONY: agreement
agreement: dev sets  ## See that every engine gives the same first ten on the queries of SETS
	@$(BIN)/python -W ignore -m tests.quality.agreement $(SETS) $(ARGS)

.PHONY: chaos
chaos: dev  ## Kill imports and builds at random moments (ARGS="--kills 20") and see that nothing is lost
	@$(BIN)/python -W ignore -m tests.chaos.killing $(ARGS)

.PHONY: chaos-import
chaos-import: dev system  ## Kill an import, or fail it with EIO and ENOSPC, at every storage call (ARGS="--tries 99")
	@$(BIN)/python -W ignore -m tests.chaos.storage $(ARGS)

.PHONY: hostile
hostile: dev  ## Import hostile files of every kind, each in a process of its own, and measure (ARGS="archives tables": some of them)
	@$(BIN)/python -W ignore -m tests.hostile_run $(ARGS)

.PHONY: cluster-test
cluster-test: dev system-cluster  ## Kill and cut off the nodes of a whole deployment under load (ARGS="--kills 2 --partitions 2"; as root)
	@$(BIN)/python -W ignore -m tests.cluster $(ARGS)

.PHONY: rebuild-test
rebuild-test: dev system corpus  ## Rebuild the index of a site that is asked without a pause, on each engine (ARGS="--count 1000")
	@$(BIN)/python -W ignore -m tests.rebuilding $(CORPUS) $(ARGS)

.PHONY: silence
silence: dev  ## Compare 60,000 responses with those of sites that hold only what the reader may read
	@KB_TEST_RESPONSES=60300 $(BIN)/pytest -n 2 tests/web/test_non_interference.py

.PHONY: xss
xss: dev system  ## Import over 500 hostile texts and open every page that shows them in Chromium (ARGS="--count 99")
	@$(BIN)/python -W ignore -m tests.browser.xss_walk $(ARGS)

.PHONY: shots
shots: dev system  ## Take pictures of the running site's pages SHOTS in every language, theme and width
	@$(BIN)/python -m tests.browser.screens --base-url $(SHOTS_URL) --out $(SHOTS_OUT) \
		$(if $(SIGN_IN),--sign-in "$(SIGN_IN)") $(SHOTS)

.PHONY: lock
lock: dev  ## Pin the requirements anew after a change of pyproject.toml (ARGS=--upgrade: to the newest)
	@scripts/lock $(ARGS)

.PHONY: audit
audit: dev  ## Look the pinned requirements up in the database of known vulnerabilities
	@# --strict: what cannot be looked up is a failure, not a clean bill of health.
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt

.PHONY: clean
clean:  ## Remove what make and the tools made; var, where the data is, stays
	@rm -rf .venv .cache dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Steps of the above. Each does nothing, in a blink, when there is nothing to do.

.PHONY: dev system system-bench system-cluster sets corpus
dev:
	@scripts/venv dev

system: dev
	@scripts/setup-system

system-bench: dev
	@scripts/setup-system bench

system-cluster: dev
	@scripts/setup-system cluster

sets:
	@$(if $(SETS),true,echo "No judged queries: there is no folder $(CORPORA)/sets. Name yours: make eval CORPORA=folder, or SETS='set set'" >&2; exit 1)

corpus:
	@test -f "$(CORPUS)" || { echo "No articles: there is no file $(CORPUS). Name yours: make bench CORPUS=articles.jsonl.gz" >&2; exit 1; }
