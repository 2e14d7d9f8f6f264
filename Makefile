# Tickring. `make help` lists the targets; the object lists by layer, below,
# are the architecture: a file includes only its own layer and lower ones
# (tests/lint/layers.sh proves it).

VARIANT ?= release
VARIANTS := release asan tsan cov fuzz
ifeq ($(filter $(VARIANTS),$(VARIANT)),)
$(error VARIANT=$(VARIANT): expected one of $(VARIANTS))
endif
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(if $(filter tsan fuzz,$(VARIANT)),clang,gcc)
endif
CXX := $(or $(if $(findstring clang,$(CC)),$(subst clang,clang++,$(CC))),\
            $(if $(findstring gcc,$(CC)),$(subst gcc,g++,$(CC))),c++)
B := build/$(notdir $(lastword $(CC)))-$(VARIANT)

# ---- objects by layer ------------------------------------------------------

# L1: both sides of the shared memory. READER is what libtickring exports.
SHM_READER := shm/attach.c shm/reader.c shm/cursor.c shm/wait.c shm/filter.c shm/doubt.c \
              shm/header.c shm/board.c shm/status.c shm/names.c shm/reasons.c shm/health.c \
              shm/health_words.c
SHM_WRITER := shm/bell.c shm/board_writer.c shm/claim.c shm/mapping.c shm/orphan.c shm/ring.c \
              shm/segment.c shm/status_writer.c shm/survey.c

# L2: no domain
BASE := feed/base/crc32c.c feed/base/fixed.c feed/base/hist.c feed/base/host.c feed/base/log.c \
        feed/base/log_line.c feed/base/log_ring.c feed/base/mailbox.c

# L3: pure: no clock, no I/O, no malloc, no log
VENUE := feed/venue/venues.c feed/venue/binance/depth_snapshot.c \
         feed/venue/binance/exchange_info.c feed/venue/binance/fields.c \
         feed/venue/binance/hosts.c feed/venue/binance/json.c feed/venue/binance/json_market.c \
         feed/venue/binance/levels.c feed/venue/binance/levels_avx512.c \
         feed/venue/binance/levels_run.c feed/venue/binance/limits.c \
         feed/venue/binance/market_value.c feed/venue/binance/predict.c \
         feed/venue/binance/reading.c feed/venue/binance/request.c feed/venue/binance/sbe.c \
         feed/venue/binance/scan.c feed/venue/binance/server_time.c \
         feed/venue/binance/stream_types.c feed/venue/binance/streams.c \
         feed/venue/binance/trades_page.c feed/venue/binance/walk.c
CORE := feed/core/action.c feed/core/alert.c feed/core/arbiter.c feed/core/balance.c \
        feed/core/book.c feed/core/booksync.c feed/core/breaker.c feed/core/checkup.c \
        feed/core/clock_offset.c feed/core/diffs.c feed/core/endpoints.c feed/core/group.c \
        feed/core/health.c feed/core/heartbeat.c feed/core/hold.c feed/core/ledger.c \
        feed/core/life.c feed/core/place.c feed/core/pool.c feed/core/pool_view.c \
        feed/core/quota.c feed/core/refuge.c feed/core/region.c feed/core/retry.c \
        feed/core/rotate.c feed/core/route.c feed/core/scale.c feed/core/security.c \
        feed/core/session.c feed/core/shift.c feed/core/snapsched.c feed/core/snapsched_plan.c \
        feed/core/stall.c feed/core/subscribe.c feed/core/subscribe_list.c feed/core/trace.c \
        feed/core/trace_book.c feed/core/vigil.c feed/core/watch.c

# L4
CONF := feed/conf/config.c feed/conf/config_exponents.c feed/conf/config_group.c \
        feed/conf/config_host.c feed/conf/config_json.c feed/conf/config_key.c \
        feed/conf/config_lines.c feed/conf/config_listen.c feed/conf/config_load.c \
        feed/conf/config_print.c feed/conf/config_problem.c feed/conf/config_product.c \
        feed/conf/config_relate.c feed/conf/config_rule.c feed/conf/config_streams.c \
        feed/conf/config_target.c feed/conf/config_url.c feed/conf/config_value.c

# L5
IO := feed/io/assemble.c feed/io/http.c feed/io/http_lws.c feed/io/inflate.c feed/io/lws_line.c \
      feed/io/lws_reason.c feed/io/lws_tx.c feed/io/net_reason.c feed/io/notify.c \
      feed/io/proxy.c feed/io/recv_bio.c feed/io/resolve.c feed/io/resources.c feed/io/secret.c \
      feed/io/signals.c feed/io/tape.c feed/io/tape_files.c feed/io/tape_pack.c \
      feed/io/tape_reader.c feed/io/tape_thread.c feed/io/tape_uring.c feed/io/tls.c \
      feed/io/tls_session.c feed/io/transport.c feed/io/transport_lws.c \
      feed/io/transport_uring.c feed/io/upgrade.c feed/io/uring_line.c feed/io/uring_recv.c \
      feed/io/uring_stamp.c feed/io/uring_tls.c feed/io/uring_wait.c feed/io/wsframe.c

# L6
PIPELINE := feed/pipeline/books.c feed/pipeline/figures.c feed/pipeline/gaps.c \
            feed/pipeline/judge.c feed/pipeline/listed.c feed/pipeline/listing.c \
            feed/pipeline/normalize.c feed/pipeline/pipeline.c feed/pipeline/pipeline_books.c \
            feed/pipeline/pipeline_gaps.c feed/pipeline/pipeline_life.c \
            feed/pipeline/pipeline_list.c feed/pipeline/publish.c feed/pipeline/recall.c \
            feed/pipeline/recorder.c feed/pipeline/roster.c

# L7
PLAN := feed/plan/change.c feed/plan/choice.c feed/plan/forecast.c feed/plan/names.c \
        feed/plan/patterns.c feed/plan/plan.c feed/plan/reload.c feed/plan/rest_plan.c

# L8
STORE := feed/store/instruments.c feed/store/opening.c feed/store/ringer.c feed/store/segments.c \
         feed/store/standby.c feed/store/stores.c

# L9
OPS := feed/ops/accept.c feed/ops/alarm.c feed/ops/alarm_command.c feed/ops/alarm_post.c \
       feed/ops/alarm_queue.c feed/ops/alarm_text.c feed/ops/backfill.c feed/ops/keeper.c \
       feed/ops/lookout.c feed/ops/metrics.c feed/ops/ops.c feed/ops/quoted.c feed/ops/rest.c \
       feed/ops/rest_clock.c feed/ops/rest_depth.c feed/ops/rest_list.c feed/ops/rest_trace.c \
       feed/ops/stale.c feed/ops/status_json.c feed/ops/token.c feed/ops/tracer.c \
       feed/ops/upkeep.c feed/ops/web.c feed/ops/web_accept.c feed/ops/web_assets.c \
       feed/ops/web_change.c feed/ops/web_pages.c feed/ops/web_reply.c

# L10
STATUS := feed/status/errors.c feed/status/guard.c feed/status/snapshot.c \
          feed/status/snapshot_control.c feed/status/snapshot_detail.c \
          feed/status/snapshot_health.c feed/status/snapshot_streams.c feed/status/tell.c \
          feed/status/verdict.c

# L11
REPLAY := feed/replay/replay.c feed/replay/replay_apply.c

# L12
PROBE := feed/probe/certificate.c feed/probe/command.c feed/probe/probe.c \
         feed/probe/probe_clock.c feed/probe/probe_talk.c feed/probe/report.c \
         feed/probe/report_json.c feed/probe/wire.c

# L13 and L14, which with all of the above is feedd
MAIN := feed/app/app.c feed/app/app_actions.c feed/app/app_changes.c feed/app/app_ops.c \
        feed/app/app_rest.c feed/app/app_streams.c feed/app/app_trace.c feed/app/check.c \
        feed/app/orders.c feed/app/precheck.c feed/main.c
FEED := $(BASE) $(VENUE) $(CORE) $(CONF) $(IO) $(PIPELINE) $(PLAN) $(STORE) $(OPS) $(STATUS) \
        $(REPLAY) $(PROBE)

# Tools: one binary each, of the files in its own folder and what it needs of tools/common.
TOOLS := exchange-sim feed-health pool-status shm-inspect tick-diff
TOOL_COMMON := $(sort $(wildcard tools/common/*.c))
$(foreach t,$(TOOLS),$(eval tool-$(t) := $(sort $(wildcard tools/$(t)/*.c))))

# Tests: one binary per file, all with the same libraries. test_KEY_*.c and
# test_KEY.c are also linked with the tool tested-KEY, all of it but main().
tested-feedhealth := feed-health
tested-inspect := shm-inspect
tested-poolstatus := pool-status
tested-sim := exchange-sim
tested-tickdiff := tick-diff
UNIT_TESTS := $(sort $(wildcard tests/unit/*/test_*.c))
IPC_TESTS := $(sort $(wildcard tests/ipc/test_*.c))
SYSTEM_TESTS := $(sort $(wildcard tests/system/test_*.c))
SIM_TESTS := $(sort $(wildcard tests/sim/test_*.c))
TESTS := $(UNIT_TESTS) $(SIM_TESTS) $(IPC_TESTS) $(SYSTEM_TESTS)

# More tests: CAPTURE_TESTS find the recorded messages in $TICKRING_CAPTURES;
# SHELL_TESTS count one each and find the build in $TICKRING_BUILD.
CAPTURE_TESTS := $(sort $(wildcard tests/captures/test_*.c))
SHELL_TESTS := $(sort $(wildcard tests/system/*.sh))

# They compare times of one run, and have the machine for themselves. The attack
# is measured once; elsewhere it is seen that nothing is lost.
TESTS_ALONE := $(if $(filter gcc-release,$(notdir $(B))),test_http_attack) test_standby

# tests/bench/bench_NAME.c is run by `make bench-NAME`.
BENCHES := $(sort $(wildcard tests/bench/bench_*.c))
FUZZERS := $(sort $(wildcard tests/fuzz/fuzz_*.c))

# What is none of these: linked into all of them, through an archive.
TEST_SUPPORT := $(filter-out $(TESTS) $(BENCHES),$(sort $(wildcard tests/*.c tests/sim/*.c \
                tests/ipc/*.c tests/system/*.c tests/bench/*.c tests/bench/receive/*.c)))

# ---- flags -----------------------------------------------------------------

# CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS belong to the user and come on top.

PKGS := libwebsockets openssl libcjson liburing libzstd zlib
pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
ifneq ($(filter-out clean deps help tags,$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(call pkg,--cflags,$(PKGS) cmocka)
PKG_LIBS := $(call pkg,--libs,$(PKGS))
CMOCKA_LIBS := $(call pkg,--libs,cmocka)
endif

WARN := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wvla -Wformat=2 -Wundef \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings
MACHINE := $(shell uname -m)
CET_x86_64 := -fcf-protection
CET_aarch64 := -mbranch-protection=standard
HARDEN := -fstack-protector-strong -fstack-clash-protection $(CET_$(MACHINE))

# FORTIFY needs optimization, and hides from the sanitizers what they look for.
OPT_release := -O2
FORTIFY_release := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
LINK_release := -Wl,-z,defs

SANITIZE_asan := -fsanitize=address,undefined
OPT_asan := -O1 $(SANITIZE_asan) -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK_asan := $(SANITIZE_asan)

SANITIZE_tsan := -fsanitize=thread
OPT_tsan := -O1 $(SANITIZE_tsan) -fno-omit-frame-pointer
LINK_tsan := $(SANITIZE_tsan)

OPT_cov := -O0 --coverage
LINK_cov := --coverage

OPT_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
            -fno-omit-frame-pointer
LINK_fuzz := $(SANITIZE_asan)

# What becomes libtickring is position independent, the rest goes into programs.
PIC := -fPIE
ALL_CPPFLAGS = -Iinclude -I. -D_GNU_SOURCE -MMD -MP $(CPPFLAGS)
ALL_CFLAGS = -std=c11 -g $(OPT_$(VARIANT)) $(PIC) $(HARDEN) $(WARN) $(PKG_CFLAGS) \
             $(CFLAGS) $(FORTIFY_$(VARIANT))
LINK_BOTH = -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed $(LINK_$(VARIANT)) $(LDFLAGS)
compile = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c $< -o $@
link = $(CC) -pie $(LINK_BOTH) -o $@ $(filter %.o %.a,$^)
LINK_LIBS = $(PKG_LIBS) $(LDLIBS) -pthread

Q := $(if $(V),,@)
say = @printf '  %-5s %s\n' $(1) $(2)

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.PHONY: FORCE
FORCE:

# ---- objects ---------------------------------------------------------------

obj = $(patsubst %.c,$(B)/%.o,$(1))

# Holds what objects are made with: other flags, another compiler or a changed
# Makefile make all of them anew.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@command -v $(lastword $(CC)) >/dev/null && pkg-config --exists $(PKGS) cmocka && \
	    test -r $(CHART_JS) || \
	    { echo "compiler or libraries are missing: run \`make deps$(if $(CLANG), CC=$(CC))\`" >&2; exit 1; }
	@{ $(CC) --version; echo '$(compile) $(link) $(LINK_LIBS)'; } >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(B)/%.o: %.c $(B)/flags Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(compile)

# What each message goes through: a tenth less time in it than with -O2. Loads of
# neighbours are not made one: it would wait for the stores of both to be in the cache.
HOT := $(PIPELINE) $(filter feed/venue/binance/%,$(VENUE)) \
       feed/core/arbiter.c feed/io/wsframe.c feed/io/uring_recv.c feed/io/uring_tls.c
$(call obj,$(HOT)): private OPT_release := -O3 -fno-tree-slp-vectorize

# Every state names every event (docs/ARCHITECTURE.md).
$(B)/feed/core/%.o: private WARN += -Wswitch-enum

$(call obj,$(SHM_READER)): private PIC := -fPIC -fno-semantic-interposition

-include $(if $(PKG_LIBS),$(shell find $(B) -name '*.d' 2>/dev/null))

# The HTTP interface has its page in it, and Chart.js (Debian's libjs-chart.js).
CHART_JS ?= /usr/share/javascript/chart.js/chart.min.js
$(B)/feed/ops/web_assets.o: $(wildcard feed/page/*) $(CHART_JS)
$(B)/feed/ops/web_assets.o: private ALL_CPPFLAGS += -DCHART_JS='"$(CHART_JS)"'

# ---- products --------------------------------------------------------------

LIBTICKRING := $(B)/libtickring.a
LIBTICKRING_SO := $(B)/libtickring.so.1
LIBCOMMON := $(B)/libcommon.a
LIBFEED := $(B)/libfeed.a
LIBS := $(LIBFEED) $(LIBTICKRING)
FEEDD := $(if $(MAIN),$(B)/feedd)
PRODUCTS := $(LIBS) $(LIBTICKRING_SO) $(FEEDD) $(TOOLS:%=$(B)/%)

.PHONY: all
all: $(PRODUCTS) ## build the libraries, feedd and the tools (default)

%.a: $(B)/flags Makefile
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

$(LIBTICKRING): $(call obj,$(SHM_READER))
$(LIBFEED): $(call obj,$(SHM_WRITER) $(FEED))
$(LIBCOMMON): $(call obj,$(TOOL_COMMON))

$(LIBTICKRING_SO): $(call obj,$(SHM_READER)) shm/libtickring.map $(B)/flags Makefile
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(@F),--version-script=shm/libtickring.map $(LINK_BOTH) \
	    -o $@ $(filter %.o,$^) -pthread
	@ln -sf $(@F) $(B)/libtickring.so

define PROGRAM
$(B)/$(1): $$(call obj,$(2)) $(3) $(B)/flags Makefile
	$$(call say,LD,$$@)
	$$(Q)$$(link) $(4) $$(LINK_LIBS)
endef
$(if $(MAIN),$(eval $(call PROGRAM,feedd,$(MAIN),$(LIBS))))
$(foreach t,$(TOOLS),$(eval $(call PROGRAM,$(t),$(tool-$(t)),$(LIBCOMMON) $(LIBTICKRING))))

# ---- tests -----------------------------------------------------------------

LIBTEST := $(B)/libtest.a
bin = $(patsubst %.c,$(B)/%,$(1))
TEST_BINS := $(call bin,$(TESTS))
CAPTURE_BINS := $(call bin,$(CAPTURE_TESTS))

$(LIBTEST): $(call obj,$(TEST_SUPPORT))
tested = $(tested-$(word 2,$(subst _, ,$(basename $(notdir $(1))))))
$(foreach t,$(TOOLS),$(eval \
    $(B)/libtool-$(t).a: $(call obj,$(filter-out %/main.c,$(tool-$(t))))))
$(foreach t,$(TESTS) $(CAPTURE_TESTS),$(eval $(call PROGRAM,$(t:%.c=%),$(t),\
    $(LIBTEST) $(patsubst %,$(B)/libtool-%.a $(LIBCOMMON),$(call tested,$(t))) $(LIBS),\
    $$(CMOCKA_LIBS))))

# Absolute, so that tests may change their directory.
CAPTURES := $(abspath $(or $(TICKRING_CAPTURES),$(wildcard ../shared/captures)))
PURE := $(VENUE) $(CORE) $(filter-out feed/base/log%,$(BASE))
ENVIRONMENT = TICKRING_ROOT='$(CURDIR)' TICKRING_BUILD='$(abspath $(B))' \
    TICKRING_VARIANT=$(VARIANT) TICKRING_CAPTURES='$(CAPTURES)' \
    TICKRING_PURE='$(call obj,$(PURE))' CC='$(CC)' CXX='$(CXX)' \
    ALONE='$(TESTS_ALONE)' UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1

CLANG := $(or $(findstring clang,$(CC)),$(filter fuzz,$(MAKECMDGOALS)))
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))
# After `make deps` the libraries' flags are asked for anew.
again = @$(MAKE) --no-print-directory $(JOBS)

.PHONY: deps
deps: ## install the Debian packages that are missing
	@tools/deps.sh $(if $(CLANG),clang)

.PHONY: test test-built
test: deps ## deps, build, lint and all tests (VARIANT=asan|tsan|cov, CC=clang)
	+$(again) test-built
test-built: all $(TEST_BINS) $(CAPTURE_BINS)
	@$(ENVIRONMENT) tests/run.sh $(LINT) $(TEST_BINS) \
	    $(if $(CAPTURES),,--skip-without-TICKRING_CAPTURES) $(CAPTURE_BINS) \
	    $(if $(CAPTURES),,--run) $(SHELL_TESTS)

# All but those that choose the transport themselves, or test something beside it.
TRANSPORT ?= lws
BESIDE := alerts bad_config check_config exchange_% http http_% metrics no_uring notify probe \
          security start_refused tape traces transport transport_%
TRANSPORT_BINS := $(call bin,$(filter-out $(BESIDE:%=tests/system/test_%.c),$(SYSTEM_TESTS)))
.PHONY: test-transport
test-transport: all $(TRANSPORT_BINS) ## the feed's system tests with TRANSPORT=lws|uring
	@TICKRING_TRANSPORT=$(TRANSPORT) $(ENVIRONMENT) tests/run.sh $(TRANSPORT_BINS)

.PHONY: unit
unit: $(call bin,$(UNIT_TESTS)) ## build and run the unit tests only
	@$(ENVIRONMENT) tests/run.sh $^

LINT := $(addprefix tests/lint/,layers.sh pure.sh shape.sh headers.sh documents.sh unused.sh \
        selftest.sh)
.PHONY: lint
lint: all $(call obj,$(PURE)) ## layers, purity, shape of the code, headers, documents, dead code
	@$(ENVIRONMENT) tests/run.sh $(LINT)

# ---- fuzzing, benchmarks, demonstration ------------------------------------

FUZZ_SECONDS ?= 60
FUZZ_BINS := $(call bin,$(FUZZERS))
ifeq ($(VARIANT),fuzz)
$(foreach f,$(FUZZERS),$(eval \
    $(call PROGRAM,$(f:%.c=%),$(f),$(LIBTEST) $(LIBS),-fsanitize=fuzzer)))
endif

.PHONY: fuzz fuzz-built
fuzz: deps ## run every fuzz target for FUZZ_SECONDS (default 60) with clang
	+$(again) VARIANT=fuzz fuzz-built
fuzz-built: $(FUZZ_BINS)
	@$(ENVIRONMENT) tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ_BINS)

BENCH_BINS := $(call bin,$(BENCHES))
$(foreach b,$(BENCHES),$(eval \
    $(call PROGRAM,$(b:%.c=%),$(b),$(LIBTEST) $(LIBS))))
# What bench_decode compares with in C++; nothing else needs that library.
RIVAL := $(B)/tests/bench/decode_simdjson.o
$(RIVAL): tests/bench/decode_simdjson.cc $(B)/flags Makefile
	@mkdir -p $(@D)
	$(call say,CXX,$@)
	$(Q)$(CXX) $(ALL_CPPFLAGS) -std=c++17 -g $(OPT_$(VARIANT)) -O3 -march=native $(PIC) \
	    -Wall -Wextra -c $< -o $@
$(B)/tests/bench/bench_decode: $(RIVAL)
$(B)/tests/bench/bench_decode: private LDLIBS += -lsimdjson -lstdc++
# What bench_book compares with in C++.
BOOK_MAP := $(B)/tests/bench/book_map.o
$(BOOK_MAP): tests/bench/book_map.cc $(B)/flags Makefile
	@mkdir -p $(@D)
	$(call say,CXX,$@)
	$(Q)$(CXX) $(ALL_CPPFLAGS) -std=c++17 -g $(OPT_$(VARIANT)) $(PIC) -Wall -Wextra -c $< -o $@
$(B)/tests/bench/bench_book: $(BOOK_MAP)
$(B)/tests/bench/bench_book: private LDLIBS += -lstdc++

bench_goal = bench-$(patsubst bench_%,%,$(basename $(notdir $(1))))
BENCH_GOALS := $(foreach b,$(BENCHES),$(call bench_goal,$(b)))

.PHONY: bench $(BENCH_GOALS)
bench: $(BENCH_GOALS) ## run every benchmark, one after the other; bench-NAME runs one
define BENCH
$(call bench_goal,$(1)): all $(call bin,$(1))
	@flock $(B)/flags env $$(ENVIRONMENT) $(call bin,$(1)) $$(BENCH_ARGS)
endef
$(foreach b,$(BENCHES),$(eval $(call BENCH,$(b))))

.PHONY: bench-footprint
bench: bench-footprint
bench-footprint: all ## memory and processor time of a feed with 10 lines of 200 streams
	@flock $(B)/flags env $(ENVIRONMENT) tests/bench/receive/footprint.sh

.PHONY: bench-quick
bench-quick: all ## a feed that runs, beside what is specified: BENCH_ARGS='NAME SECONDS'
	@$(ENVIRONMENT) tools/bench_quick.sh $(BENCH_ARGS)

.PHONY: demo demo-built
demo: deps ## show it work: simulated exchange, feed, live view (DEMO_SECONDS)
	+$(again) demo-built
demo-built: all
	@$(ENVIRONMENT) tools/demo.sh

# Runs the tests with promtool, which are shorter elsewhere where it is not installed.
METRICS := $(B)/tests/system/test_metrics
.PHONY: check-metrics check-metrics-built
check-metrics: ## a live scrape, rules and boards with Prometheus (installs Debian's)
	@tools/deps.sh prometheus
	+$(again) check-metrics-built
check-metrics-built: all $(METRICS)
	@$(ENVIRONMENT) TICKRING_PROMTOOL=required tests/run.sh $(METRICS) \
	    tests/system/monitoring.sh

# Runs the test in a browser, which is skipped elsewhere where there is none.
.PHONY: check-page check-page-built
check-page: ## the page at / in a browser (installs Debian's chromium, npm's playwright-core)
	@tools/deps.sh chromium
	+$(again) check-page-built
check-page-built: all
	@$(ENVIRONMENT) TICKRING_PAGE=required tests/run.sh tests/system/page.sh

.PHONY: scan scan-built
scan: ## cppcheck, secrets, and how the binaries are hardened (installs cppcheck)
	@tools/deps.sh cppcheck
	+$(again) scan-built
scan-built: all
	@tools/scan.sh . $(FEEDD) $(TOOLS:%=$(B)/%) $(LIBTICKRING_SO)

TORTURE := tests/torture/torn
$(eval $(call PROGRAM,$(TORTURE),$(TORTURE).c,$(LIBTEST) $(LIBS)))
.PHONY: torture
torture: all $(B)/$(TORTURE) ## the torn-read test at full length: 1 G ticks, 10 M laps
	@$(ENVIRONMENT) tests/torture/torn.sh

.PHONY: capture-test
capture-test: all ## capture 2 M messages at 100,000/s or more, kill -9, replay, compare every tick
	@$(ENVIRONMENT) tests/tape.sh

SIM := $(B)/tests/sim/test_feed_sim
SEEDS ?= 1000
SEED ?= 1
.PHONY: sim sim-mutants
sim: $(SIM) ## simulate the whole feed in bad weather: SEEDS=n (1000) from SEED=first (1)
	@$(SIM) $(SEEDS) $(SEED)

sim-mutants: $(SIM) ## broken variants of the core, each of which the simulation has to catch
	@$(ENVIRONMENT) tests/sim/mutants.sh

LAYOUTS := $(B)/tests/unit/venue/test_json_layouts
MUTATIONS ?= 10000000
.PHONY: mutate
mutate: $(LAYOUTS) ## decode MUTATIONS (10 M) spoiled messages from SEED=first (1), count outcomes
	@$(LAYOUTS) $(MUTATIONS) $(SEED)

ORACLE := tests/oracle/compare
$(eval $(call PROGRAM,$(ORACLE),$(ORACLE).c,$(LIBTEST) $(LIBS)))
.PHONY: oracle
oracle: all $(B)/$(ORACLE) ## replay the captures of DIR=path and compare every tick
	$(if $(DIR),,$(error oracle needs DIR=path, a directory of captures))
	@$(ENVIRONMENT) tests/oracle.sh '$(DIR)'

# ---- installation ----------------------------------------------------------

prefix ?= /usr/local
bindir ?= $(prefix)/bin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/tickring
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
PLACES := prefix bindir libdir includedir datadir mandir docdir unitdir sysusersdir tmpfilesdir
install = @TICKRING_BUILD='$(abspath $(B))' PROGRAMS='feedd $(TOOLS)' DESTDIR='$(DESTDIR)' \
    $(foreach p,$(PLACES),$(p)='$($(p))') tools/install.sh

.PHONY: install uninstall
install: all ## into prefix=/usr/local, below DESTDIR; libdir, unitdir ... have names of their own
	$(install) install

uninstall: ## take all of that away again
	$(install) uninstall

.PHONY: cov
cov: ## all tests with coverage, then the share of lines run per file
	+@status=0; $(MAKE) --no-print-directory CC=gcc VARIANT=cov test || status=1; \
	cd build/gcc-cov && find shm feed -name '*.gcda' -exec gcov -n {} + 2>/dev/null | \
	    awk -F"'" '/^File/ {f = $$2} \
	        /^Lines/ && f ~ /\.c$$/ {sub(/.*:/, ""); printf "%-24s %s\n", $$0, f; f = ""}' | \
	    sort -k4; exit $$status

.PHONY: tags
tags: ## index for editors
	ctags --languages=C,C++ -R include shm feed tools tests

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build tags

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' Makefile
