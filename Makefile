# `make help` lists what there is. Needs Node.js 20 or later with npm; npm brings the Node.js that the project runs on.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# npm ci replaces node_modules, so it must not run on the Node.js in there.
SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
VERSION = $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
JEST := NODE_OPTIONS="--experimental-vm-modules --disable-warning=ExperimentalWarning" jest

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  T=words      only tests whose path has them: make unit T=process'

.PHONY: test
test: node_modules/.ready ## Every check and test; installs what it needs (root and apt-get help, see README)
	@node test/run.ts

.PHONY: lint
lint: node_modules/.ready ## Formatting, lint, import arrows, types, generated files
	@node test/run.ts 'format and lint' types 'generated files'

.PHONY: format
format: node_modules/.ready ## Format and fix what can be fixed
	@biome check --write .

.PHONY: unit
unit: node_modules/.ready ## Tests that need nothing
	@$(if $(T),$(JEST) $(T) --selectProjects unit,node test/run.ts unit)

.PHONY: world
world: node_modules/.ready ## Seeded histories of the controller in a model of a cluster: RUNS=10000 SEED=1 searches on
	@$(if $(RUNS)$(SEED),node test/world/search.ts --runs '$(or $(RUNS),1)' --seed '$(or $(SEED),1)',$(if $(T),$(JEST) $(T) --selectProjects world,node test/run.ts world))

.PHONY: fuzz
fuzz: node_modules/.ready ## Hostile streams against the RouterOS client: RUNS=1000000 SEED=1
	@node --expose-gc test/unit/routeros/fuzz/main.ts --runs '$(or $(RUNS),100000)' --seed '$(or $(SEED),1)'

.PHONY: integration
integration: node_modules/.ready ## Tests against a real API server
	@$(if $(T),$(JEST) $(T) --selectProjects integration,node test/run.ts integration)

.PHONY: dataplane
dataplane: node_modules/.ready ## Tests with real WireGuard in network namespaces (root)
	@$(if $(T),$(JEST) $(T) --selectProjects dataplane,node test/run.ts dataplane)

.PHONY: processes
processes: node_modules/.ready ## The three processes beside an API server, simulated routers (root)
	@$(if $(T),$(JEST) $(T) --selectProjects processes --runInBand,node test/run.ts processes)

.PHONY: e2e
e2e: node_modules/.ready ## The chart installed on a real kubelet's node, simulated routers (root); KIND=1: on kind's
	@export KIND=$(KIND); $(if $(T),$(JEST) $(T) --selectProjects e2e --runInBand,node test/run.ts e2e)

.PHONY: cluster
cluster: node_modules/.ready ## A local control plane with the kinds installed, until Ctrl-C; NODES=1: with nodes for pods (root)
	@NODES=$(NODES) node test/testbed/cluster.ts

.PHONY: demo
demo: node_modules/.ready ## Two tenants' routers Online (root); KEEP=1 stays; CLUSTER=kubeconfig uses yours
	@KEEP=$(KEEP) CLUSTER=$(CLUSTER) node test/demo/demo.ts

.PHONY: scale
scale: node_modules/.ready ## Kill at every write, two leaders, one Router among 20,000: hours; S=every-write: that one
	@for one in $(or $(S),every-write two-leaders-bench one-among-thousands-bench); do node test/integration/scale/$$one.ts; done

.PHONY: bench
bench: node_modules/.ready ## Measure the operator beside bare requests, about an hour; B=small, large, wide, churn, gateway, throughput, configure or profiles: one suite
	@node bench/run.ts $(B)
	@node bench/report.ts

.PHONY: image
image: ## Build the image: IMAGE=registry/name:tag, ENGINE=docker, podman or buildah
	@engine='$(ENGINE)'; for one in docker podman buildah; do \
	  [ -n "$$engine" ] || ! $$one info >/dev/null 2>&1 || engine=$$one; \
	done; \
	[ -n "$$engine" ] || { echo 'No docker, podman or buildah that works here: install one (apt-get install buildah).' >&2; exit 1; }; \
	$$engine build $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) \
	  --tag "$(or $(IMAGE),tenant-tunnel-operator:$(VERSION))" .

.PHONY: generate
generate: node_modules/.ready ## Write crds/, the chart's roles, deploy/ and the references in docs/ from their sources
	@node src/api/generate.ts
	@node deploy/monitoring.ts
	@node deploy/chart-profiles.ts
	@node deploy/render.ts

.PHONY: deps
deps: node_modules/.ready ## Install what tests need: npm packages, apt packages, kube-apiserver (built once)
	@node test/testbed/install.ts

.PHONY: clean
clean: ## Remove what was installed and built here (not the cached kube-apiserver)
	@rm -rf node_modules dist

node_modules/.ready: package.json package-lock.json .npmrc
	@export PATH="$(SYSTEM_PATH)"; \
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then \
	  echo 'No Node.js with npm here: install 20 or later (https://nodejs.org, or apt-get install nodejs npm).' >&2; exit 1; \
	fi; \
	if [ "$$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then \
	  echo "Node.js $$(node --version) is too old for npm to install from: install 20 or later (https://nodejs.org)." >&2; exit 1; \
	fi; \
	npm ci --no-progress --loglevel=error
	@case "$$(node_modules/.bin/node --version 2>/dev/null)" in v24.*) ;; *) \
	  echo 'npm brought no Node.js 24: it may have been told to ignore install scripts (npm config get ignore-scripts).' >&2; exit 1;; \
	esac
	@touch $@
