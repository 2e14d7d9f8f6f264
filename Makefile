# Tickring. `make help` lists the targets; the object lists by layer, below,
# are the architecture: a file includes only its own layer and lower ones
# (tests/lint/layers.sh proves it).

VARIANT ?= release
ifeq ($(origin CC),default)
CC := $(if $(filter tsan,$(VARIANT)),clang,gcc)
endif
CXX := $(if $(findstring clang,$(CC)),clang++,g++)
B := build/$(notdir $(CC))-$(VARIANT)

# ---- objects by layer ------------------------------------------------------

# L1: both sides of the shared memory. READER is what libtickring exports.
SHM_READER := shm/reasons.c
SHM_WRITER :=

# L2: no domain
BASE := feed/base/fixed.c

# L3: pure: no clock, no I/O, no malloc, no log
VENUE := feed/venue/binance/scan.c feed/venue/binance/levels.c feed/venue/binance/fields.c \
         feed/venue/binance/reading.c feed/venue/binance/json.c \
         feed/venue/binance/streams.c feed/venue/binance/limits.c
CORE :=

# L4
CONF :=

# L5
IO := feed/io/assemble.c

# L6 to L8
FEED :=
MAIN :=

# Tools: one binary each, built of the files of their own list.
TOOLS :=

# Tests: one binary per file, all with the same libraries.
UNIT_TESTS := tests/unit/test_fixed.c tests/unit/test_streams.c tests/unit/test_limits.c \
              tests/unit/test_assemble.c tests/unit/test_json_events.c \
              tests/unit/test_json_damage.c tests/captures/test_capture_decode.c
IPC_TESTS :=
SYSTEM_TESTS :=
FUZZERS := tests/fuzz/fuzz_json.c
BENCHES := tests/bench/bench_decode.c

# Linked into every test, benchmark and fuzz target.
TEST_HELPERS := tests/captures.c tests/decode_oracle.c tests/json_examples.c

# ---- flags -----------------------------------------------------------------

PKGS := libwebsockets openssl libcjson liburing libzstd
pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
PKG_CFLAGS := $(call pkg,--cflags,$(PKGS))
PKG_LIBS := $(call pkg,--libs,$(PKGS))
CMOCKA_LIBS := $(call pkg,--libs,cmocka)

WARN := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wvla -Wformat=2 -Wundef \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings
OPT_release := -O2 -D_FORTIFY_SOURCE=3
OPT_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan := -O1 -fsanitize=thread -fno-omit-frame-pointer
OPT_cov := -O0 --coverage
LINK_asan := -fsanitize=address,undefined
LINK_tsan := -fsanitize=thread
LINK_cov := --coverage
HARDEN := -fPIC -fstack-protector-strong -fstack-clash-protection -fcf-protection
CPPFLAGS += -Iinclude -I. -D_GNU_SOURCE -MMD -MP
CFLAGS += -std=c11 -g $(OPT_$(VARIANT)) $(WARN) $(HARDEN) $(PKG_CFLAGS)
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LINK_$(VARIANT))
LDLIBS += -pthread

# Every state names every event (docs/ARCHITECTURE.md).
$(B)/feed/core/%.o: CFLAGS += -Wswitch-enum

# ---- products --------------------------------------------------------------

FEED_SRC := $(SHM_READER) $(SHM_WRITER) $(BASE) $(VENUE) $(CORE) $(CONF) $(IO) $(FEED)
obj = $(patsubst %.c,$(B)/%.o,$(1))
LIBFEED := $(B)/libfeed.a

.DEFAULT_GOAL := all
.PHONY: all
all: $(LIBFEED)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(LIBFEED): $(call obj,$(FEED_SRC))
	@rm -f $@
	ar rcs $@ $^

# ---- tests -----------------------------------------------------------------

TEST_BINS := $(patsubst %.c,$(B)/%,$(UNIT_TESTS) $(IPC_TESTS) $(SYSTEM_TESTS))
BENCH_BINS := $(patsubst %.c,$(B)/%,$(BENCHES))
LIBTEST := $(B)/libtest.a
$(LIBTEST): $(call obj,$(TEST_HELPERS))
	@rm -f $@
	ar rcs $@ $^

$(TEST_BINS) $(BENCH_BINS): $(B)/%: $(B)/%.o $(LIBTEST) $(LIBFEED)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(PKG_LIBS) $(CMOCKA_LIBS) $(LDLIBS) -o $@

.PHONY: unit
unit: $(TEST_BINS)
	@set -e; for t in $(TEST_BINS); do echo "== $$t"; $$t; done

.PHONY: benches
benches: $(BENCH_BINS)

# Fuzz targets: clang's libFuzzer, everything instrumented in one go.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS := -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
              -Iinclude -I. -D_GNU_SOURCE $(WARN) $(PKG_CFLAGS)
FUZZ_BINS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(FUZZERS))
$(FUZZ_BINS): build/fuzz/%: tests/fuzz/%.c $(TEST_HELPERS) $(BASE) $(VENUE) $(CORE)
	@mkdir -p $(@D)
	clang $(FUZZ_FLAGS) $^ $(PKG_LIBS) -o $@

# What the fuzzer finds on its way stays in build/; tests/fuzz/corpus/NAME is the seed.
.PHONY: fuzz
fuzz: $(FUZZ_BINS)
	@set -e; for t in $(FUZZ_BINS); do name=$${t##*/fuzz_}; mkdir -p build/fuzz/corpus/$$name; \
	  $$t -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1 \
	  -artifact_prefix=build/fuzz/$$name- build/fuzz/corpus/$$name tests/fuzz/corpus/$$name; done

-include $(shell find $(B) -name '*.d' 2>/dev/null)
