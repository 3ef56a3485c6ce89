# The commands a person must know. The first build takes some minutes; later ones seconds.

SWIFT ?= swift
PACKAGES := haproxy bubblewrap libgit2-dev libsqlite3-dev zlib1g-dev pkg-config git nodejs curl ca-certificates tar unzip
LINT_PACKAGES := shellcheck
# A load, a compiler for a server that starts in no time, and systemd-socket-activate to compare waking with.
BENCH_PACKAGES := wrk gcc libc6-dev systemd
BENCH_PRODUCTS := flock flock-engine flock-haproxy flock-backup flock-scaler flock-hook
# Clients that others wrote for Marathon; a compiler for apps that start in no time; an authority for certificates; an
# ssh server to fetch from.
TEST_PACKAGES := python3-marathon python3-jsonschema npm gcc libc6-dev openssl python3 openssh-client openssh-server
SCRIPTS := hooks/post-receive hooks/pre-receive hooks/pre-push hooks/deliver.sh hooks/install.sh \
	examples/demo.sh .ci/run Tests/install-packages.sh

.PHONY: help demo test lint bench build format packages

help:
	@echo "make demo    install what is missing, build, start everything, push the example, see it sleep and wake"
	@echo "make test    run all tests"
	@echo "make lint    formatting, warnings, import arrows, shell scripts"
	@echo "make bench   measure waking, routing, scaling, deploying and the engine, each against a baseline of the same run"

packages:
	@sh Tests/install-packages.sh $(PACKAGES)

# CHECK=1 ends when all was seen, with exit status 0; DEMO_FLAGS go to every flock command.
demo: packages
	@echo "Building Flock (release)."
	$(SWIFT) build -c release --product flock
	@FLOCK="$$($(SWIFT) build -c release --show-bin-path)/flock" CHECK="$(CHECK)" bash examples/demo.sh $(DEMO_FLAGS)

build: packages
	$(SWIFT) build --build-tests

# Tests wait for conditions with deadlines: hundreds at once on two cores would starve one another, and so would whole
# sites under load beside the others.
test: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH = 6
test: build
	@sh Tests/install-packages.sh $(TEST_PACKAGES)
	$(SWIFT) test --skip-build --skip EndToEndTests
	$(SWIFT) test --skip-build --filter EndToEndTests

lint: build
	@sh Tests/install-packages.sh $(LINT_PACKAGES)
	$(SWIFT) format lint --strict --recursive Sources Tests Benchmarks Package.swift
	shellcheck $(SCRIPTS)
	$(SWIFT) test --skip-build --filter ArchitectureTests

bench: packages
	@sh Tests/install-packages.sh $(BENCH_PACKAGES)
	for product in $(BENCH_PRODUCTS); do $(SWIFT) build -c release --product $$product || exit 1; done
	FLOCK="$$($(SWIFT) build -c release --show-bin-path)/flock" $(SWIFT) run --package-path Benchmarks -c release flock-bench

format:
	$(SWIFT) format --in-place --recursive Sources Tests Benchmarks Package.swift
