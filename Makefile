# The two doors: `make demo` (see it work) and `make test` (prove it).
SHELL := /bin/bash
JOBS ?= $(shell nproc)
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

deps-build: ## install what building the binary needs (asks for sudo when not root)
	@scripts/install_deps.sh build

deps-test: ## install what the tests need on top
	@scripts/install_deps.sh build test

demo: release assets ## the main job over an imagined company's papers: run, kill -9, resume, replay, audit
	@scripts/demo.sh

release: deps-build ## build/release/naestro
	@mkdir -p build && scripts/build.sh $(JOBS)

test: deps-test assets ## build (release, and with sanitizers), run all tests, print the coverage
	@scripts/test.sh $(JOBS)

bench: deps-test ## measure the speed figures, print them, write them to bench/results/speed.json
	@cmake --preset release -DNAESTRO_TESTS=ON >/dev/null
	@cmake --build build/release -j$(JOBS) --target naestro naestro-bench
	@python3 scripts/bench.py build/release

assets: deps-build ## fetch the local model and its engine into build/assets (about 545 MB)
	@scripts/fetch_assets.sh build/assets default

package: deps-build assets ## one archive that runs without a compiler: build/naestro-VERSION-linux-x86_64.tar.gz
	@mkdir -p build && scripts/package.sh $(JOBS)

package-test: package ## prove it in a minbase Debian 12 without network (a chroot; needs root)
	@scripts/package_test.sh

test-slow: deps-test assets ## threads, fuzzing, mutations, a soak (FUZZ_SECONDS=30); results in bench/results
	@scripts/test_slow.sh $(JOBS)

probes: deps-test ## 86 attempts to break out of `naestro sandbox` and of others; build/probes.json
	@scripts/probes.sh $(JOBS)

tidy: ## clang-tidy over src/
	@scripts/tidy.sh $(JOBS)

fresh: ## prove demo and test on a new Debian 12 (a chroot; needs root)
	@scripts/fresh.sh

clean: ## remove build/
	rm -rf build

.PHONY: help demo deps-build deps-test release test test-slow bench probes tidy package package-test assets fresh clean
