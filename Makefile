# Apus: build, test, run and install. `make help` lists the targets.

SWIFT    ?= swift
PREFIX   ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR  ?=
INSTALL  ?= install

# Debian packages that the build needs beside a Swift toolchain.
PACKAGES := libicu-dev libjpeg62-turbo-dev libopenblas-dev libpng-dev libre2-dev libsnappy-dev libsqlite3-dev libssl-dev \
	libwebp-dev zlib1g-dev
# What the benchmarks measure against; without it they build and skip what needs it.
BENCH_PACKAGES := rapidjson-dev
# What the examples in deploy/clients run by.
CLIENT_PACKAGES := g++ libcurl4-openssl-dev nodejs python3 ruby

BINARY   := .build/release/apus
# The binary carries its own Swift runtime; tests cannot, so that they have a build folder of their own and neither
# build throws the other's work away.
BUILD    := $(SWIFT) build -c release --static-swift-stdlib --product
TEST     := $(SWIFT) test -c release --scratch-path .build-test
# A program of libFuzzer and the address sanitizer. C's compiler adds the sanitizers up, Swift's takes the last that it is given.
FUZZER   := $(SWIFT) build -c release --scratch-path .build-fuzz --sanitize=fuzzer --sanitize=address \
	-Xswiftc -sanitize=fuzzer,address -Xswiftc -DFUZZING --product Fuzzer
# Instrumented builds are of these tests alone, each in a folder of its own.
SANITIZE := APUS_TEST_TARGETS=HTTPCoreTests,BatchingTests,ServableCoreTests,InferenceTests,OperatorsTests,CKernelsTests,ModelFormatsTests,ModelServingTests SWIFT_BACKTRACE=enable=no $(SWIFT) test -c release --no-parallel
SOURCES  := Package.swift Sources Tests

.PHONY: help run build test fuzz sanitize bench clients format lint deps install clean

help:
	@echo "make run        build, then serve models/ on 127.0.0.1:8501"
	@echo "make build      release binary at $(BINARY)"
	@echo "make test       build and run every test; FILTER=NAME runs those that match; APUS_RANDOM_GRAPHS=N makes N random networks"
	@echo "make fuzz       fuzz what takes bytes from outside; TARGET=head|chunks|json|inflate|archive|picture|model|savedmodel SECONDS=60 (each)"
	@echo "make sanitize   tests under the thread and the address sanitizer, but the daemon's own"
	@echo "make bench      the project's benchmarks, each beside its reference; FILTER=NAME SECONDS=S"
	@echo "make clients    run the examples in deploy/clients, each in its language, against a daemon of their own"
	@echo "make format     format the sources in place; make lint only reports"
	@echo "make deps       install the Debian packages that are missing: $(PACKAGES)"
	@echo "make install    binary, unit, configuration, manual page, completions; DESTDIR= PREFIX=$(PREFIX)"
	@echo "make clean      remove what was built"

run: build
	exec $(BINARY) serve --config config/apus.yaml

build: deps
	$(BUILD) apus

test: deps
	$(TEST) $(if $(FILTER),--filter $(FILTER))

# Swift's own backtraces would wait for a key.
fuzz: deps
	$(FUZZER)
	@for target in $(or $(TARGET),head chunks json inflate archive picture model savedmodel); do \
		corpus=.build-fuzz/corpus/$$target; found=.build-fuzz/found/$$target; \
		mkdir -p $$corpus $$found; \
		case $$target in savedmodel) length=16384;; *) length=2048;; esac; \
		echo "make: fuzzing $$target for $(or $(SECONDS),60) s"; \
		APUS_FUZZ_TARGET=$$target SWIFT_BACKTRACE=enable=no .build-fuzz/release/Fuzzer \
			-max_total_time=$(or $(SECONDS),60) -max_len=$$length -timeout=10 -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=$$found/ $$corpus Tests/Fixtures/Fuzz/$$target </dev/null || { \
			echo "make: $$target failed; the newest file in $$found does it: swift run Fuzzer $$target FILE" >&2; exit 1; }; \
	done

# Leaks are not looked for: XCTest has some of its own, and tests drop connections that still hold on to each other.
sanitize: deps
	$(SANITIZE) --sanitize=thread --scratch-path .build-thread
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 $(SANITIZE) --sanitize=address --scratch-path .build-address

bench: PACKAGES += $(BENCH_PACKAGES)
bench: deps
	$(BUILD) Benchmarks
	$(BUILD) apus
	.build/release/Benchmarks $(if $(FILTER),--filter "$(FILTER)") $(if $(SECONDS),--seconds $(SECONDS))

clients: PACKAGES += $(CLIENT_PACKAGES)
clients: build
	REQUIRE=1 deploy/clients/run $(BINARY)

format:
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

lint:
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

# Installs only what is missing, so that a second call needs neither the network nor root.
deps:
	@command -v $(SWIFT) >/dev/null || { \
		echo "make: no '$(SWIFT)' on the PATH; install a Swift 6.3 toolchain from https://www.swift.org/install/linux/" >&2; exit 1; }
	@command -v dpkg-query >/dev/null || { \
		echo "make: not a Debian system; install what corresponds to: $(PACKAGES)" >&2; exit 0; }; \
	missing=""; \
	for package in $(PACKAGES); do \
		case "$$(dpkg-query -W -f='$${Status}' $$package 2>/dev/null)" in \
			"install ok installed") ;; \
			*) missing="$$missing $$package" ;; \
		esac; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" = 0 ]; then root=""; \
	elif command -v sudo >/dev/null; then root="sudo"; \
	else echo "make: missing Debian packages and no sudo; run as root: apt-get install$$missing" >&2; exit 1; fi; \
	echo "make: installing$$missing"; \
	$$root apt-get update -q && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing

$(BINARY):
	$(MAKE) build

# The unit and the configuration name the paths of a system installation; the sources name those of a checkout.
install: $(BINARY)
	$(INSTALL) -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/apus
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(SYSCONFDIR)/apus
	sed 's|/usr/bin/apus|$(PREFIX)/bin/apus|' deploy/apus.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/apus.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/apus.service
	$(INSTALL) -m 644 deploy/apus.socket $(DESTDIR)$(PREFIX)/lib/systemd/system/apus.socket
	$(INSTALL) -D -m 644 deploy/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/apus.conf
	$(INSTALL) -D -m 644 deploy/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/apus.conf
	[ -e $(DESTDIR)$(SYSCONFDIR)/apus/apus.yaml ] || { \
		sed -e 's|\.\./state/|/var/lib/apus/|' -e 's|\.\./models|/var/lib/apus/models|' config/apus.yaml \
			> $(DESTDIR)$(SYSCONFDIR)/apus/apus.yaml && chmod 644 $(DESTDIR)$(SYSCONFDIR)/apus/apus.yaml; }
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/share/doc/apus
	$(INSTALL) -m 644 deploy/operators.md deploy/tensorflow-serving.md deploy/open-inference-protocol.md deploy/metrics.md $(DESTDIR)$(PREFIX)/share/doc/apus
	$(INSTALL) -D -m 644 deploy/apus.1 $(DESTDIR)$(PREFIX)/share/man/man1/apus.1
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(BINARY) --generate-completion-script bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/apus
	$(BINARY) --generate-completion-script zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_apus
	$(BINARY) --generate-completion-script fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/apus.fish

clean:
	rm -rf .build .build-test .build-fuzz .build-thread .build-address
