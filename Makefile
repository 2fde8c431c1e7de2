# gdeploy's targets. `make help` lists them from the ## comments.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
go_files     = $$(git ls-files '*.go')
lab_packages = $$(git grep -l '^//go:build lab$$' -- '*_test.go' | xargs -r -n1 dirname | sort -u | sed 's|^|./|')

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

## building

.PHONY: build
build: check-go helpers ## build bin/gdeploy with the helpers inside
	go build -trimpath -o bin/gdeploy ./cmd/gdeploy

.PHONY: helpers
helpers: ## cross-build the helper that runs on hosts, for the binary to carry
	go run ./transport/embedded/build

.PHONY: check-go
check-go: ## say which Go is needed and which is there
	@.ci/check-go

.PHONY: packages
packages: ## install what lab, demo and tests need from Debian's packages
	@lab/install-packages

## seeing it work

.PHONY: demo
demo: check-go packages build ## bootstrap, deploy and roll back ten real hosts on this machine
	lab/lab up --name demo --fresh
	lab/demo

.PHONY: lab-up
lab-up: packages ## bring up the lab named demo
	lab/lab up --name demo

.PHONY: lab-down
lab-down: ## take the lab named demo down
	lab/lab down --name demo

.PHONY: bench
bench: check-go packages build ## measure gdeploy and its peers on the lab
	lab/bench

## testing

.PHONY: test
test: check-go packages build fmt-check vet staticcheck test-unit test-lab ## everything that CI runs

.PHONY: test-unit
test-unit: check-go ## the tests that need neither root nor Linux
	@go test -race ./... || { echo "some tests failed; those packages run once more, to tell chance from a defect:" >&2; go test -race ./...; }
	cd examples/web-demo/app && go vet ./... && go test ./...

.PHONY: test-lab
test-lab: packages build ## the end-to-end tests, on a lab of their own
	@[ "$$(uname -s)" = Linux ] && [ "$$(id -u)" = 0 ] || { echo "the end-to-end tests need Linux and root (namespaces, overlayfs, systemd-nspawn): sudo make test, or make test-unit for the rest" >&2; exit 1; }
	@trap 'lab/lab down --name test' EXIT; \
	others() { go test -race -tags lab -count=1 -p 1 -timeout 15m $$(printf '%s\n' $(lab_packages) | grep -v endtoend); }; \
	others || { echo "tests on the lab failed; they run once more, on a fresh lab:" >&2; lab/lab down --name test; others; }; \
	: the end-to-end tests come last: they deploy, and others want bare nodes; \
	go test -race -tags lab -count=1 -timeout 40m ./lab/endtoend || \
		{ echo "end-to-end tests failed; they run once more, on a fresh lab, to tell chance from a defect:" >&2; lab/lab down --name test; go test -race -tags lab -count=1 -timeout 40m ./lab/endtoend; }

.PHONY: conformance
conformance: check-go ## ask Debian's ansible-core what the cases of testdata/conformance do, and store it
	@command -v ansible-playbook >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ansible-core >/dev/null; }
	go test ./cmd/gdeploy -run TestConformance -count=1 -timeout 60m -oracle all
	go test ./executor -tags oracle -run TestAgainstAnsible -count=1

.PHONY: templates
templates: check-go ## make templates by the grammar in variables/testdata, ask Debian's ansible-core about them, and store it
	@command -v ansible-playbook >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ansible-core >/dev/null; }
	@cd $$(mktemp -d) && apt-get download -qq ansible python3-bcrypt python3-jmespath python3-netaddr python3-passlib && for deb in *.deb; do dpkg -x $$deb .; done && \
	packages=$$PWD/usr/lib/python3/dist-packages && cd "$(CURDIR)" && \
	PYTHONPATH=$$packages ANSIBLE_COLLECTIONS_PATH=$$packages go test ./variables -tags oracle -run Oracle -count=1 -timeout 60m -args -cases 5000 -store

.PHONY: modules-oracle
modules-oracle: packages build ## ask Debian's ansible-core what the cases of lab/conformance do on real hosts, store it, and compare
	@command -v ansible-playbook >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ansible-core >/dev/null; }
	@cd $$(mktemp -d) && apt-get download -qq ansible && dpkg -x ansible_*.deb . && \
	export PYTHONPATH=$$PWD/usr/lib/python3/dist-packages ANSIBLE_COLLECTIONS_PATH=$$PWD/usr/lib/python3/dist-packages && cd "$(CURDIR)" && \
	go test -tags lab ./lab/conformance -count=1 -timeout 60m -oracle all
	go test -tags lab ./lab/conformance -count=1

.PHONY: fmt-check
fmt-check: ## fail where gofmt would change something
	@unformatted=$$(gofmt -l $(go_files)); [ -z "$$unformatted" ] || { echo "gofmt would change:" $$unformatted >&2; exit 1; }

.PHONY: vet
vet: ## go vet, with and without the lab's tests; and that a controller can be a Mac
	go vet ./...
	go vet -tags lab ./...
	GOOS=darwin GOARCH=arm64 go build -o /dev/null ./cmd/gdeploy

.PHONY: staticcheck
staticcheck: ## staticcheck, at a fixed version
	go run $(STATICCHECK) -tags lab ./...

.PHONY: vagrant-check
vagrant-check: ## validate vagrant/Vagrantfile
	@command -v vagrant >/dev/null || { echo "installing vagrant" >&2; apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends vagrant >/dev/null; }
	cd vagrant && vagrant validate --ignore-provider

.PHONY: arm64-check
arm64-check: check-go helpers ## have an emulator run the helper for arm64
	@command -v qemu-aarch64-static >/dev/null || { echo "installing qemu-user-static" >&2; apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-user-static >/dev/null; }
	go test -tags arm64check ./transport -run TestHelperForArm64 -count=1

.PHONY: faults
faults: check-go packages build ## break something at every moment of a deploy, on a lab; hours
	@trap 'lab/lab down --name test' EXIT; \
	for t in TestRollingDeploysAreNotNoticed TestFaults; do \
		go test -tags lab -count=1 -timeout 12h ./lab/endtoend -run "^$$t$$" -v -faults $${FAULTS_EVERY:-1} -faults-first $${FAULTS_FIRST:-0}; \
	done

## keeping house

.PHONY: licences
licences: ## write the licences of what is linked to THIRD_PARTY/
	.ci/licences

.PHONY: clean
clean: ## remove what was built; the lab's base image stays
	rm -rf bin THIRD_PARTY transport/embedded/helpers/*.gz transport/embedded/helpers/manifest.json
