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
BASE :=

# L3: pure: no clock, no I/O, no malloc, no log
VENUE :=
CORE :=

# L4
CONF :=

# L5
IO :=

# L6 to L8
FEED :=
MAIN :=

# Tools: one binary each, built of the files of their own list.
TOOLS :=
SIM := $(addprefix tools/exchange-sim/, book.c ca.c capture.c control.c door.c exchange.c floor.c \
       http.c hub.c instrument.c kline.c main.c market.c message.c options.c origin.c outq.c pace.c \
       player.c publish.c report.c rest.c server.c session.c stream.c text.c wire.c)

# Tests: one binary per file, all with the same libraries.
UNIT_TESTS :=
IPC_TESTS :=
SYSTEM_TESTS := tests/system/test_exchange_sim.c
FUZZERS :=
SIM_TESTS := $(addprefix tests/unit/, test_sim_capture.c test_sim_market.c test_sim_pace.c \
       test_sim_session.c)
UNIT_TESTS += $(SIM_TESTS)

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
all: $(LIBFEED) $(B)/exchange-sim

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# The exchange simulator stands alone: nothing of the feed is linked into it.
LIBSIM := $(B)/libsim.a
$(LIBSIM): $(call obj,$(filter-out %/main.c,$(SIM)))
	@rm -f $@
	ar rcs $@ $^

$(B)/exchange-sim: $(B)/tools/exchange-sim/main.o $(LIBSIM)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(call pkg,--libs,libwebsockets openssl libcjson libzstd) \
	    $(LDLIBS) -o $@

$(LIBFEED): $(call obj,$(FEED_SRC))
	@rm -f $@
	ar rcs $@ $^

# ---- tests -----------------------------------------------------------------

TEST_BINS := $(patsubst %.c,$(B)/%,$(UNIT_TESTS) $(IPC_TESTS) $(SYSTEM_TESTS))
$(TEST_BINS): $(B)/%: $(B)/%.o $(LIBFEED)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(PKG_LIBS) $(CMOCKA_LIBS) $(LDLIBS) -o $@

$(patsubst %.c,$(B)/%,$(SIM_TESTS)): $(LIBSIM)
$(B)/tests/system/test_exchange_sim: | $(B)/exchange-sim

.PHONY: unit
unit: $(TEST_BINS)
	@set -e; for t in $(TEST_BINS); do echo "== $$t"; $$t; done

-include $(shell find $(B) -name '*.d' 2>/dev/null)
