# make             build/tcpwhy (linked as ./tcpwhy)
# make demo        dependencies, build, and the diagnosis of a real capture
# make check       dependencies, build, all tests; the last line counts them
# make check-differential [CORPUS=DIR]  samples, and a folder of captures, beside tshark and libhtp
# make bench [BENCH_MB=40] [PAIRS=5] [BENCH_FILES=...]  what tcpwhy costs beside other tools
# make bench-dissectors  what the dissectors cost, with the samples' payload in memory
# make bench-browse [FLOWS=1000000]  how fast the browser answers on a large case
# make fuzz [TIME=60]    the dissectors and filters under libFuzzer, so many seconds each
# make SAN=1 ...   the same in build-san/, under ASan and UBSan
# make docs        docs/rules.md, from the rules' headers
# make install     PREFIX=/usr/local, DESTDIR=
# make help        all targets

VERSION := 0.1.0
PREFIX  ?= /usr/local
PKGS    := libpcap libndpi sqlite3 libgcrypt zlib libzstd liblzma liblz4 ncursesw

BUILD   := build$(if $(SAN),-san)
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wstrict-prototypes \
           -Wmissing-prototypes -Wformat=2 -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef
ifdef SAN
CFLAGS  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS := -fsanitize=address,undefined
else
CFLAGS  ?= -O2 -g
HARDEN  := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE -fno-plt
HARDEN_LD := -pie -Wl,-z,relro,-z,now
endif
WERROR  ?= $(if $(CI),-Werror)

# Library headers are -isystem, so that warnings are about our code alone.
# (ncurses asks for an older POSIX than ours.)
PKG_CFLAGS = $(patsubst -I%,-isystem %,$(filter-out -D_XOPEN_SOURCE=%,$(shell pkg-config --cflags $(PKGS) 2>/dev/null)))
PKG_LIBS   = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -pthread
ALL_CFLAGS = -std=c17 -pthread -D_DEFAULT_SOURCE -DTCPWHY_VERSION='"$(VERSION)"' $(WARN) $(WERROR) -MMD -MP \
             -Ianalyzer -Ianalyzer/base -Ianalyzer/report -Idissectors -Idb -Itui -Itests \
             -Itests/conversation \
             $(PKG_CFLAGS) $(HARDEN) $(CPPFLAGS) $(CFLAGS)

# What the program carries inside itself: the schema, the rules, the timers, the doctor's views.
EMBEDDED := $(sort $(wildcard db/*.sql analyzer/rules/*.sql analyzer/report/*.sql analyzer/report/*.css)) analyzer/rules/timers.csv

SRC  := $(filter-out analyzer/main.c,$(wildcard analyzer/*.c analyzer/base/*.c analyzer/report/*.c \
        dissectors/*.c db/*.c tui/*.c))
OBJ  := $(SRC:%.c=$(BUILD)/%.o) $(BUILD)/embedded.o
UNIT := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/*.c))

all: $(BUILD)/tcpwhy tcpwhy $(BUILD)/compile_commands.json

# ./tcpwhy is the last one built, so that scripts need not know about SAN.
tcpwhy: $(BUILD)/tcpwhy
	@ln -sf $(BUILD)/tcpwhy tcpwhy

$(BUILD)/tcpwhy: $(BUILD)/analyzer/main.o $(BUILD)/core.a
	$(CC) $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LDLIBS)

# An archive, so that a test links only what it uses and may stand in for the rest.
$(BUILD)/core.a: $(OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

# Another reader of HTTP, for tests/differential alone; empty where libhtp is missing.
LIBHTP := $(if $(shell pkg-config --exists htp && echo yes),$(BUILD)/tests/differential/libhtp)
$(LIBHTP): ALL_CFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags htp))
$(LIBHTP): LDLIBS += $(shell pkg-config --libs htp)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/core.a
	$(CC) $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LDLIBS)

# From readable time lines to captures; see tests/pkt/pkt.c.
PKT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/pkt/*.c))
$(BUILD)/pkt: $(PKT_OBJ) $(BUILD)/core.a
	$(CC) $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LDLIBS)

PLAN := $(BUILD)/tests/plan/plan
SCREENS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/screens/*.c))

$(BUILD)/%.o: %.c | deps-present
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/embedded.c: $(EMBEDDED) analyzer/embed.sh
	@mkdir -p $(@D)
	analyzer/embed.sh $(EMBEDDED) > $@.new && mv $@.new $@

$(BUILD)/embedded.o: $(BUILD)/embedded.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# For clangd (.clangd points here).
$(BUILD)/compile_commands.json: Makefile $(SRC) | deps-present
	@mkdir -p $(@D)
	@{ echo '['; first=; for f in $(SRC) analyzer/main.c $(wildcard tests/*.c); do \
	   printf '%s{ "directory": "%s", "file": "%s", "command": "%s" }' "$$first" "$(CURDIR)" "$$f" \
	   "cc $(subst ",\\\",$(ALL_CFLAGS)) -c $$f"; first=',\n'; done; echo; echo ']'; } > $@

# ---- what has to be installed ----

DEB_PKGS  := gcc libc6-dev pkg-config libpcap-dev libndpi-dev libsqlite3-dev libgcrypt20-dev zlib1g-dev \
             libzstd-dev liblzma-dev liblz4-dev libncurses-dev python3
TEST_PKGS := tshark libhtp-dev tmux
SUDO      := $(if $(filter-out 0,$(shell id -u)),sudo)

# $(call apt_install,PACKAGES): those that are not there yet.
apt_install = missing=$$(for p in $(1); do \
	     dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	   [ -z "$$missing" ] || { echo "installing:" $$missing; \
	     $(SUDO) apt-get update -qq && \
	     $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; }
HAS_APT := command -v apt-get >/dev/null && command -v dpkg-query >/dev/null

deps:
	@if $(HAS_APT); then $(call apt_install,$(DEB_PKGS)); \
	 else $(MAKE) --no-print-directory deps-present; fi

# What only tests use. Without it they do less, and say so.
test-deps:
	@{ command -v tshark >/dev/null && command -v tmux >/dev/null && pkg-config --exists htp; } || ! { $(HAS_APT); } || \
	 { $(call apt_install,$(TEST_PKGS)); } || :

# The same question where there is no apt: say what is missing, and its names.
deps-present:
	@for p in $(PKGS); do pkg-config --exists $$p && continue; \
	   echo "$$p is missing (or pkg-config itself). Install it with:"; \
	   echo "  Debian, Ubuntu  make deps"; \
	   echo "  Fedora          dnf install pkgconf libpcap-devel ndpi-devel sqlite-devel libgcrypt-devel \\"; \
	   echo "                    zlib-devel libzstd-devel xz-devel lz4-devel ncurses-devel"; \
	   echo "  Alpine          apk add pkgconf libpcap-dev ndpi-dev sqlite-dev libgcrypt-dev zlib-dev \\"; \
	   echo "                    zstd-dev xz-dev lz4-dev ncurses-dev"; \
	   echo "  Arch            pacman -S pkgconf libpcap ndpi sqlite libgcrypt zlib zstd xz lz4 ncurses"; \
	   echo "  Homebrew        brew install pkgconf libpcap ndpi sqlite libgcrypt zlib zstd xz lz4 ncurses"; \
	   exit 1; done

# ---- what people call ----

demo:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -s all
	./tcpwhy samples/docker-stop-race.pcap

STREAMS := $(BUILD)/tests/differential/streams
PIECES  := $(BUILD)/tests/differential/pieces
DESCRIBED := $(BUILD)/tests/differential/described
RECORD  := $(BUILD)/tests/conversation/record

# The HTTP conversations of samples/, for what feeds a dissector alone.
TALKS := $(BUILD)/talks
$(TALKS): $(RECORD) $(wildcard samples/*.pcap*)
	@rm -rf $@ && mkdir -p $@
	@$(RECORD) $@ $(filter samples/%,$^) 2>/dev/null

check:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory test-deps
	@$(MAKE) --no-print-directory all $(UNIT) $(BUILD)/pkt $(PLAN) $(SCREENS) $(STREAMS) $(PIECES) $(DESCRIBED) $(LIBHTP) $(TALKS)
	@BUILD=$(BUILD) tests/run.sh

# Every capture of samples/ and CORPUS, and streams of those that lost most.
CORPUS ?= $(wildcard ../shared/corpus/pcaps)
check-differential:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory test-deps
	@$(MAKE) --no-print-directory all $(STREAMS) $(PIECES) $(DESCRIBED) $(LIBHTP)
	@BUILD=$(BUILD) tests/differential/run.sh samples $(CORPUS)

# What the dissectors cost, with payload in memory: nanoseconds for people, no test.
BENCH := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/*.c))
BENCH_CAPTURES ?= $(wildcard samples/*.pcap)
bench-dissectors: $(BENCH) $(STREAMS) $(TALKS)
	@$(BUILD)/tests/bench/http1 $(TALKS)/http-keepalive-busy.*.talk
	@$(BUILD)/tests/bench/http1 $(TALKS)/*.talk
	@$(BUILD)/tests/bench/http1 bodies
	@$(BUILD)/tests/bench/amqp $(STREAMS) $(BENCH_CAPTURES)

# What tcpwhy costs beside each of the tools of tests/bench/run.py that is installed: captures of
# BENCH_MB, made where they are missing, or those of BENCH_FILES. See docs/PERFORMANCE.md.
BENCH_MB    ?= 40
PAIRS       ?= 5
WORKLOADS   := http-small http-bulk-mtu http-bulk-tso amqp many-flows mixed
BENCH_FILES ?= $(WORKLOADS:%=$(BUILD)/bench/%-$(BENCH_MB).pcap)
bench: all $(BUILD)/tests/bench/workload
	@$(MAKE) --no-print-directory $(filter $(BUILD)/bench/%,$(BENCH_FILES))
	@tests/bench/run.py --pairs $(PAIRS) $(BUILD)/tcpwhy $(BENCH_FILES)

$(BUILD)/bench/%-$(BENCH_MB).pcap: | $(BUILD)/tests/bench/workload
	@mkdir -p $(@D)
	$(BUILD)/tests/bench/workload $* $(BENCH_MB) > $@

# How fast the browser answers on a case of FLOWS connections and ten times as many packets
# (about 1.5 GB of capture and case for a million); the capture is made where it is missing.
FLOWS ?= 1000000
bench-browse: all $(BUILD)/tests/bench/flows
	@[ -e $(BUILD)/flows-$(FLOWS).pcap ] || $(BUILD)/tests/bench/flows $(FLOWS) > $(BUILD)/flows-$(FLOWS).pcap
	@[ -e $(BUILD)/flows-$(FLOWS).db ] || $(BUILD)/tcpwhy -o $(BUILD)/flows-$(FLOWS).db $(BUILD)/flows-$(FLOWS).pcap > /dev/null
	@tests/bench/browse.py $(BUILD)/tcpwhy $(BUILD)/flows-$(FLOWS).db

# Fuzz targets (tests/fuzz/NAME.c) for TIME seconds each, beginning with the conversations of
# samples/; what is found is left in build-fuzz/NAME. Needs clang.
TIME     ?= 60
FUZZ     := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_SRC := analyzer/stream.c $(wildcard analyzer/base/*.c dissectors/*.c db/filter*.c)
FUZZ_CC  := clang -std=c17 -D_DEFAULT_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined \
            -fno-sanitize-recover=all -Ianalyzer -Ianalyzer/base -Idissectors -Idb -Itests/conversation
fuzz: $(FUZZ:%=fuzz-%)

build-fuzz/core.a: $(FUZZ_SRC) $(wildcard analyzer/*.h analyzer/base/*.h dissectors/*.h db/*.h)
	@mkdir -p $(@D)/objects && rm -f $@ $(@D)/objects/*
	cd $(@D)/objects && $(subst -I,-I../../,$(FUZZ_CC)) $(PKG_CFLAGS) -c $(FUZZ_SRC:%=../../%)
	@$(AR) rcs $@ $(@D)/objects/*.o

build-fuzz/http1/seeds: $(TALKS)
	@mkdir -p $@ && cp $(TALKS)/*.talk $@/

build-fuzz/amqp/seeds: $(STREAMS)
	@mkdir -p $@ && tests/fuzz/seeds.py $(STREAMS) $@ $(BENCH_CAPTURES)

build-fuzz/filter/seeds: tests/fuzz/filter.seeds
	@mkdir -p $@ && split -l 1 $< $@/

fuzz-%: tests/fuzz/%.c build-fuzz/core.a build-fuzz/%/seeds
	@mkdir -p build-fuzz/$*/found
	$(FUZZ_CC) -o build-fuzz/$*/fuzz $< build-fuzz/core.a $(PKG_LIBS)
	cd build-fuzz/$* && ./fuzz -max_total_time=$(TIME) -max_len=20000 -timeout=10 found seeds $(FUZZ_OPTIONS)

# Rewrite what a case expects, after looking at the difference: make accept CASE=name
accept: all $(BUILD)/pkt
	@BUILD=$(BUILD) tests/run.sh --accept $(CASE)

# The same for the rules' query plans.
accept-plans: all $(PLAN)
	@BUILD=$(BUILD) tests/run.sh --accept-plans

# The same for the browser's screens: make accept-screens [SCREEN=name]
accept-screens: all $(SCREENS) $(BUILD)/pkt
	@BUILD=$(BUILD) tests/run.sh --accept-screens $(SCREEN)

# A test compares it (tests/run.sh).
docs: all
	$(BUILD)/tcpwhy rules list -o docs/rules.md

install: all
	install -Dm755 $(BUILD)/tcpwhy $(DESTDIR)$(PREFIX)/bin/tcpwhy
	install -Dm644 docs/tcpwhy.1 $(DESTDIR)$(PREFIX)/share/man/man1/tcpwhy.1

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/tcpwhy $(DESTDIR)$(PREFIX)/share/man/man1/tcpwhy.1

clean:
	rm -rf build build-san build-fuzz tcpwhy

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile

.PHONY: all docs deps deps-present test-deps demo check check-differential bench bench-dissectors bench-browse fuzz accept accept-plans accept-screens install uninstall clean help
.SECONDARY:
.DELETE_ON_ERROR:
-include $(OBJ:.o=.d) $(BUILD)/analyzer/main.d $(UNIT:=.d) $(STREAMS).d $(PIECES).d $(DESCRIBED).d $(RECORD).d $(LIBHTP:=.d) $(BENCH:=.d) $(PLAN).d $(SCREENS:=.d) $(PKT_OBJ:.o=.d)
