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

release: deps-build ## build/release/naestro
	@cmake --preset release -DNAESTRO_TESTS=OFF >/dev/null
	@cmake --build build/release --target naestro -j $(JOBS)

test: deps-test ## build (release, and with sanitizers), run all tests, print the coverage
	@scripts/test.sh $(JOBS)

assets: ## fetch the local model and its engine into build/assets (about 545 MB)
	@scripts/fetch_assets.sh build/assets default

clean: ## remove build/
	rm -rf build

.PHONY: help deps-build deps-test release test assets clean
