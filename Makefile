# Zvon's commands. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
CARGO ?= cargo
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin

help: ## List the commands
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Build and start the chat at http://localhost:4000
	./target/release/zvon serve

build: web/dist ## Build web client and server: target/release/zvon
	@scripts/need rust cc
	$(CARGO) build --release --locked -p zvon-server

cluster: build ## Start three nodes, PostgreSQL, Redis and HAProxy on this machine
	@scripts/need node postgres redis haproxy
	node scripts/cluster.mjs

dev: ## Start server and web client, rebuilt as you edit the client
	@scripts/need rust cc node
	scripts/dev

test: ## Set up and run every test (ends with "N passed, N failed")
	@scripts/need rust cc node chromium openssl postgres redis kafka haproxy nginx pgbouncer deploy-checks cargo-deny
	node scripts/test.mjs

check: web/node_modules ## Formatting, lints, docs, licences, arrows, generated and deployment files
	@scripts/need rust cc node cargo-deny redis haproxy nginx deploy-checks
	scripts/check

check-deploy: ## The files of deploy/, by the rules of the programs that read them
	@scripts/need redis haproxy nginx deploy-checks
	deploy/check

gen: ## Write the generated files: the protocol's TypeScript, the API's documents
	$(CARGO) test --locked -q -p zvon-protocol export_bindings
	ZVON_API_EXPORT_DIR=$(CURDIR)/docs/api $(CARGO) test --locked -q -p zvon-gateway export_documents

test-rust: web/dist ## Unit, property and integration tests of the crates
	@scripts/need redis kafka
	node scripts/test.mjs rust

test-web: build ## Unit tests of the web client
	node scripts/test.mjs web

test-contract: build tests/node_modules ## Contract scenarios and bad input, through the official client
	@scripts/need openssl
	node scripts/test.mjs contract

test-interop: tests/node_modules ## The engine against the official client, and among official servers
	@scripts/need redis
	node scripts/test.mjs interop

test-standin: build tests/node_modules ## The existing front end's stand-in, through cuts and restarts
	node scripts/test.mjs standin

test-kill: build tests/node_modules ## kill -9 under load; ROUNDS=100 for the long form
	node scripts/test.mjs kill

test-cluster: build tests/node_modules ## The same scenarios and more, on three nodes
	@scripts/need postgres redis haproxy nginx pgbouncer
	node scripts/test.mjs cluster

test-kafka: build tests/node_modules ## What stands in a real Kafka, through kills of everything; KAFKA_BROKERS names another
	@scripts/need kafka postgres redis
	$(CARGO) test --locked -p zvon-backplane --features kafka --test it kafka -- --nocapture
	node scripts/test.mjs kafka

torture-kafka: build tests/node_modules ## EVENTS (1000000) through kills of broker and nodes; long
	@scripts/need kafka postgres redis
	cd tests && ZVON_BIN=$(CURDIR)/target/release/zvon EVENTS=$(or $(EVENTS),1000000) \
		node --test --test-force-exit --test-reporter=spec kafka/torture.mjs

torture-cluster: build tests/node_modules ## The faults of a cluster for longer: frozen for a minute, 900 clients, 20 crashes
	@scripts/need postgres redis haproxy nginx pgbouncer
	LONG=1 LOSS_SECONDS=120 CLIENTS=900 ROUNDS=20 ZVON_BIN=$(CURDIR)/target/release/zvon node tests/cluster/run.mjs killed frozen lossy split database status

test-upgrade: build tests/node_modules ## A cluster from an older program to this one and back; PREVIOUS=<its path>
	@scripts/need postgres redis haproxy
	@test -x "$(PREVIOUS)" || { echo "PREVIOUS names no program: make test-upgrade PREVIOUS=<path>"; exit 2; }
	ZVON_PREVIOUS_BIN=$(abspath $(PREVIOUS)) node scripts/test.mjs upgrade

test-e2e: build ## Two people in two windows of a real browser
	@scripts/need chromium
	node scripts/test.mjs e2e

figures: build ## How fast the web client is, against its goals, on a machine that is idle
	@scripts/need chromium
	cd web && ZVON_SLACK=1 npm run e2e -- figures.spec.ts

bench: build ## Sends per second, memory per connection, start with a million messages
	$(CARGO) build --release --locked -p zvon-loadgen
	tools/bench.sh

bench-nodes: build ## Two nodes on PostgreSQL and Redis: what deliveries and messages cost each
	@scripts/need postgres redis
	$(CARGO) build --release --locked -p zvon-loadgen
	target/release/zvon-loadgen nodes

bench-crowd: build ## A hundred thousand silent connections over six nodes: memory, CPU, handshakes, presence
	@scripts/need postgres redis
	$(CARGO) build --release --locked -p zvon-loadgen
	target/release/zvon-loadgen crowd

bench-append: build ## What a message costs PostgreSQL at 2 000 a second, beside one INSERT each
	@scripts/need postgres redis
	$(CARGO) build --release --locked -p zvon-loadgen
	target/release/zvon-loadgen append

bench-reads: build ## Reads of PostgreSQL on a day-like mix with the cache and without; what single reads cost
	@scripts/need postgres redis
	$(CARGO) build --release --locked -p zvon-loadgen
	target/release/zvon-loadgen reads

bench-relay: build ## What the relay to Kafka costs the nodes that send
	@scripts/need postgres redis kafka
	$(CARGO) build --release --locked -p zvon-loadgen
	target/release/zvon-loadgen relay

pressure: build ## What others feel of sign-ins, half-open requests and abusive sockets
	$(CARGO) build --release --locked -p zvon-loadgen
	target/release/zvon-loadgen pressure

fuzz: ## Every parser for FUZZ_SECONDS (600) each
	scripts/fuzz

screenshots: build ## Draw the README's pictures anew
	@scripts/need chromium
	cd web && npm run screenshots

clean: ## Remove everything that was built
	rm -rf target web/dist web/node_modules tests/node_modules .venv

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/e2e -prune -o -type f -print 2>/dev/null)

web/node_modules: web/package-lock.json
	@scripts/need node
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist: web/node_modules $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

tests/node_modules: tests/package-lock.json
	@scripts/need node
	cd tests && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: help run build cluster dev test check check-deploy gen test-rust test-web test-contract test-interop \
	test-standin test-kill test-cluster torture-cluster test-kafka torture-kafka test-upgrade test-e2e figures bench bench-nodes bench-crowd bench-append bench-reads pressure fuzz screenshots clean
