# make build, test and demo need Go, make and git and nothing else. What else a
# target needs it builds itself, from the versions pinned in tools/.

GO     ?= go
PREFIX ?= /usr/local

# The version that `authlatch version` prints; from git where there is one.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

BIN   := $(CURDIR)/bin
TOOLS := bin/tools

# Every directory with a main.go under these two is a program of the product.
COMMANDS := $(patsubst %/main.go,./%,$(wildcard cmd/*/main.go))
FLOWS    := $(patsubst %/main.go,./%,$(wildcard plugins/*/cmd/*/main.go))

PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# What ships has no cgo, so everything is built, checked and tested without it;
# only the race detector needs it.
export CGO_ENABLED := 0

# The version is stamped by the linker, not by -buildvcs: git refuses to look
# into a clone that another user owns, and go build would fail with it.
LDFLAGS     := $(if $(VERSION),-X github.com/authlatch/authlatch/internal/version.Version=$(VERSION))
# grpcnotrace leaves out gRPC's tracing pages, which nobody serves, and what they
# would do at every start.
BUILD_FLAGS := -tags grpcnotrace -trimpath -buildvcs=false -ldflags "$(LDFLAGS)"

# A flow is part of the installation only if nobody else can write it or its
# directory, so the caller's umask must not decide.
UMASK := umask 022

# The race detector: on in CI, or with RACE=1; off with RACE=.
RACE ?= $(if $(CI),1)

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

##@ Everyday

.PHONY: build
build: ## Build every command and flow into bin/
ifneq ($(strip $(COMMANDS) $(FLOWS)),)
	@$(UMASK); mkdir -p "$(BIN)"; chmod 0755 "$(BIN)"
	$(UMASK); $(GO) build $(BUILD_FLAGS) -o "$(BIN)/" $(COMMANDS) $(FLOWS)
endif

.PHONY: test
test: ## Run the tests (RACE=1 adds the race detector, TESTFLAGS goes to go test)
	@if [ -z "$(RACE)" ]; then \
		set -x; $(GO) test $(TESTFLAGS) ./...; \
	elif command -v "$$($(GO) env CC)" >/dev/null; then \
		set -x; CGO_ENABLED=1 $(GO) test -race $(TESTFLAGS) ./...; \
	else \
		echo "make test: no C compiler is here, so this runs without the race detector" >&2; \
		set -x; $(GO) test $(TESTFLAGS) ./...; \
	fi

.PHONY: proofs
proofs: ## Run at full length what make test runs in part: crashes, corruption, crowds, deaths, time bounds
	STORE_TEST_FULL=1 AUTHLATCH_CROWD_FULL=1 $(GO) test -timeout 20m -count=1 ./host/store ./internal/crowd
	LAUNCH_TEST_FULL=1 $(GO) test -timeout 5m -count=1 -run Hostile ./host/launch
	AUTHLATCH_DEATHS_FULL=1 $(GO) test -timeout 10m -count=1 -run HostDeaths ./cmd/authlatch

.PHONY: e2e
e2e: $(TOOLS)/crane ## Let other people's programs pull, push and clone with the helpers' credentials
	AUTHLATCH_E2E=1 $(GO) test -count=1 -timeout 5m ./internal/e2e/...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s) each (FUZZTIME_ELSE, FUZZKEEP: tools/fuzz.sh)
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" FUZZTIME_ELSE="$(FUZZTIME_ELSE)" FUZZKEEP="$(FUZZKEEP)" sh tools/fuzz.sh

.PHONY: demo
demo: build ## Sign in with all three flows against the emulator, and let kubectl use a token
	$(GO) run ./internal/demo -bin "$(BIN)"

.PHONY: playground
playground: build ## Start the emulator and a profile for it, to try things by hand
	$(GO) run ./internal/demo -bin "$(BIN)" playground

.PHONY: bench
bench: build ## Measure what authlatch costs, against a bare process and its peers (BENCHFLAGS=-rounds=N)
	@mkdir -p "$(BIN)/tools"
	@$(GO) build -buildvcs=false -o "$(BIN)/tools/bench" ./internal/bench
	@"$(BIN)/tools/bench" -bin "$(BIN)" $(BENCHFLAGS)

.PHONY: lint
lint: $(TOOLS)/golangci-lint $(TOOLS)/buf ## Run golangci-lint, buf lint and the import rules
	$(TOOLS)/golangci-lint run ./...
	$(TOOLS)/buf lint
	$(GO) test ./internal/importrules

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint $(TOOLS)/buf ## Format the Go and the proto files
	$(TOOLS)/golangci-lint fmt ./...
	$(TOOLS)/buf format -w

.PHONY: generate
generate: $(TOOLS)/buf $(TOOLS)/protoc-gen-go $(TOOLS)/protoc-gen-go-grpc ## Generate the Go code of proto/
	PATH="$(CURDIR)/$(TOOLS):$$PATH" buf generate

.PHONY: generate-check
generate-check: $(TOOLS)/buf $(TOOLS)/protoc-gen-go $(TOOLS)/protoc-gen-go-grpc ## Fail if the generated code is not what generate makes
	@PATH="$(CURDIR)/$(TOOLS):$$PATH" sh tools/generate-check.sh

##@ Releases

.PHONY: install
install: build ## Install under PREFIX (/usr/local), within DESTDIR if set
	$(UMASK); mkdir -p "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/libexec/authlatch/flows"
	for p in $(notdir $(COMMANDS)); do install -m 0755 "$(BIN)/$$p" "$(DESTDIR)$(PREFIX)/bin/" || exit 1; done
	for p in $(notdir $(FLOWS)); do install -m 0755 "$(BIN)/$$p" "$(DESTDIR)$(PREFIX)/libexec/authlatch/flows/" || exit 1; done

CROSS := $(addprefix cross/,$(PLATFORMS))

.PHONY: cross $(CROSS)
cross: $(CROSS) ## Compile and vet everything, tests included, for all six platforms
$(CROSS): cross/%:
	GOOS=$(word 1,$(subst /, ,$*)) GOARCH=$(word 2,$(subst /, ,$*)) $(GO) build -buildvcs=false ./...
	GOOS=$(word 1,$(subst /, ,$*)) GOARCH=$(word 2,$(subst /, ,$*)) $(GO) vet ./...

.PHONY: release-check
release-check: lint generate-check test cross demo ## All that must hold before a release

##@ Else

.PHONY: tools
tools: $(addprefix $(TOOLS)/,golangci-lint buf protoc-gen-go protoc-gen-go-grpc) ## Build the pinned tools into bin/tools

# A tool is built again when its module or the Go toolchain changes.
$(TOOLS)/golangci-lint: tools/lint/go.mod tools/lint/go.sum $(TOOLS)/.goversion
	cd tools/lint && $(GO) build -trimpath -buildvcs=false -o "$(CURDIR)/$@" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(TOOLS)/buf:                PACKAGE := github.com/bufbuild/buf/cmd/buf
$(TOOLS)/protoc-gen-go:      PACKAGE := google.golang.org/protobuf/cmd/protoc-gen-go
$(TOOLS)/protoc-gen-go-grpc: PACKAGE := google.golang.org/grpc/cmd/protoc-gen-go-grpc
$(TOOLS)/buf $(TOOLS)/protoc-gen-go $(TOOLS)/protoc-gen-go-grpc: tools/go.mod tools/go.sum $(TOOLS)/.goversion
	cd tools && $(GO) build -trimpath -buildvcs=false -o "$(CURDIR)/$@" $(PACKAGE)
	@touch $@

# kubectl is for machines that have none; make tools leaves it out.
$(TOOLS)/kubectl: tools/kubectl/go.mod tools/kubectl/go.sum tools/kubectl/main.go $(TOOLS)/.goversion
	cd tools/kubectl && $(GO) build -trimpath -buildvcs=false -o "$(CURDIR)/$@" .
	@touch $@

# crane is for the end-to-end tests; make tools leaves it out.
$(TOOLS)/crane: tools/crane/go.mod tools/crane/go.sum tools/crane/main.go $(TOOLS)/.goversion
	cd tools/crane && $(GO) build -trimpath -buildvcs=false -o "$(CURDIR)/$@" .
	@touch $@

$(TOOLS)/.goversion: FORCE
	@mkdir -p $(TOOLS)
	@$(GO) env GOVERSION | cmp -s - $@ || $(GO) env GOVERSION >$@

.PHONY: FORCE
FORCE:

.PHONY: clean
clean: ## Remove bin/
	rm -rf "$(BIN)"

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
