# Apus: build, test, run and install. `make help` lists the targets.

SWIFT    ?= swift
PREFIX   ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR  ?=
INSTALL  ?= install
OBJCOPY  ?= objcopy

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

.PHONY: help run build test fuzz sanitize bench clients format lint deps install install-debug uninstall deb clean

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
	@echo "make install    stripped binary, unit, configuration, manual pages, completions; DESTDIR= PREFIX=$(PREFIX)"
	@echo "make install-debug  the binary's symbols, for gdb"
	@echo "make uninstall  remove what install has put there, but configuration and state"
	@echo "make deb        a Debian package in .build/deb"
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

# What is installed, and its symbols for gdb, which finds them by the link that the program carries.
STRIPPED := .build/install/apus
$(STRIPPED): $(BINARY)
	mkdir -p $(dir $(STRIPPED))
	$(OBJCOPY) --only-keep-debug $(BINARY) $(STRIPPED).debug
	$(OBJCOPY) --strip-all --remove-section=.comment --add-gnu-debuglink=$(STRIPPED).debug $(BINARY) $(STRIPPED)

# Where each thing is installed.
UNITS := $(PREFIX)/lib/systemd/system
DOCUMENTS := $(PREFIX)/share/doc/apus
MANUAL := $(PREFIX)/share/man
BASH_COMPLETIONS := $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETIONS := $(PREFIX)/share/zsh/site-functions
FISH_COMPLETIONS := $(PREFIX)/share/fish/vendor_completions.d

# The unit and the configuration name the paths of a system installation; the sources name those of a checkout. A configuration that is
# there stays.
install: $(STRIPPED)
	$(INSTALL) -D -m 755 $(STRIPPED) $(DESTDIR)$(PREFIX)/bin/apus
	$(INSTALL) -d $(DESTDIR)$(UNITS) $(DESTDIR)$(SYSCONFDIR)/apus
	sed 's|/usr/bin/apus|$(PREFIX)/bin/apus|' deploy/apus.service > $(DESTDIR)$(UNITS)/apus.service
	chmod 644 $(DESTDIR)$(UNITS)/apus.service
	$(INSTALL) -m 644 deploy/apus.socket $(DESTDIR)$(UNITS)/apus.socket
	$(INSTALL) -D -m 644 deploy/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/apus.conf
	$(INSTALL) -D -m 644 deploy/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/apus.conf
	[ -e $(DESTDIR)$(SYSCONFDIR)/apus/apus.yaml ] || { \
		sed -e 's|\.\./state/|/var/lib/apus/|' -e 's|\.\./models|/var/lib/apus/models|' config/apus.yaml \
			> $(DESTDIR)$(SYSCONFDIR)/apus/apus.yaml && chmod 644 $(DESTDIR)$(SYSCONFDIR)/apus/apus.yaml; }
	$(INSTALL) -D -m 644 deploy/apus.logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/apus
	$(INSTALL) -d $(DESTDIR)$(DOCUMENTS)/monitoring $(DESTDIR)$(DOCUMENTS)/kubernetes
	$(INSTALL) -m 644 README.md CHANGELOG.md deploy/*.md $(DESTDIR)$(DOCUMENTS)
	$(INSTALL) -m 644 deploy/monitoring/alerts.yaml deploy/monitoring/grafana.json $(DESTDIR)$(DOCUMENTS)/monitoring
	$(INSTALL) -m 644 deploy/kubernetes/*.yaml $(DESTDIR)$(DOCUMENTS)/kubernetes
	$(INSTALL) -d $(addprefix $(DESTDIR)$(MANUAL)/man,1 5 7)
	for page in apus.1 apus.yaml.5 apus-models.7; do \
		$(BINARY) manual $$page > $(DESTDIR)$(MANUAL)/man$${page##*.}/$$page || exit 1; done
	$(INSTALL) -d $(DESTDIR)$(BASH_COMPLETIONS) $(DESTDIR)$(ZSH_COMPLETIONS) $(DESTDIR)$(FISH_COMPLETIONS)
	$(BINARY) --generate-completion-script bash > $(DESTDIR)$(BASH_COMPLETIONS)/apus
	$(BINARY) --generate-completion-script zsh > $(DESTDIR)$(ZSH_COMPLETIONS)/_apus
	$(BINARY) --generate-completion-script fish > $(DESTDIR)$(FISH_COMPLETIONS)/apus.fish

# Where gdb looks for the symbols of an installed program.
install-debug: $(STRIPPED)
	$(INSTALL) -D -m 644 $(STRIPPED).debug $(DESTDIR)$(PREFIX)/lib/debug$(PREFIX)/bin/apus.debug

# Configuration, models and state stay.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(PREFIX)/bin/apus $(PREFIX)/lib/debug$(PREFIX)/bin/apus.debug $(UNITS)/apus.service \
		$(UNITS)/apus.socket $(PREFIX)/lib/sysusers.d/apus.conf $(PREFIX)/lib/tmpfiles.d/apus.conf $(MANUAL)/man1/apus.1 \
		$(MANUAL)/man5/apus.yaml.5 $(MANUAL)/man7/apus-models.7 $(BASH_COMPLETIONS)/apus $(ZSH_COMPLETIONS)/_apus \
		$(FISH_COMPLETIONS)/apus.fish)
	rm -rf $(DESTDIR)$(DOCUMENTS)
	rm -f $(DESTDIR)$(SYSCONFDIR)/logrotate.d/apus
	@echo "make: $(SYSCONFDIR)/apus and /var/lib/apus stay; remove them when they are of no use any more"

# A Debian package in .build/deb.
deb: PACKAGES += dpkg-dev
deb: deps $(STRIPPED)
	deploy/debian/build $(BINARY) .build/deb

clean:
	rm -rf .build .build-test .build-fuzz .build-thread .build-address
