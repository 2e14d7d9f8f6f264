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
         feed/venue/binance/scan.c feed/venue/binance/stream_types.c \
         feed/venue/binance/streams.c feed/venue/binance/trades_page.c feed/venue/binance/walk.c
CORE := feed/core/action.c feed/core/alert.c feed/core/arbiter.c feed/core/balance.c \
        feed/core/book.c feed/core/booksync.c feed/core/breaker.c feed/core/checkup.c \
        feed/core/diffs.c feed/core/endpoints.c feed/core/group.c feed/core/health.c \
        feed/core/heartbeat.c feed/core/hold.c feed/core/ledger.c feed/core/life.c \
        feed/core/place.c feed/core/pool.c feed/core/pool_view.c feed/core/quota.c \
        feed/core/region.c feed/core/retry.c feed/core/rotate.c feed/core/route.c \
        feed/core/scale.c feed/core/security.c feed/core/session.c feed/core/shift.c \
        feed/core/snapsched.c feed/core/snapsched_plan.c feed/core/stall.c feed/core/subscribe.c \
        feed/core/subscribe_list.c feed/core/trace.c feed/core/trace_book.c feed/core/vigil.c \
        feed/core/watch.c

# L4
CONF := feed/conf/config.c feed/conf/config_exponents.c feed/conf/config_group.c \
        feed/conf/config_json.c feed/conf/config_key.c feed/conf/config_lines.c \
        feed/conf/config_listen.c feed/conf/config_load.c feed/conf/config_print.c \
        feed/conf/config_problem.c feed/conf/config_product.c feed/conf/config_relate.c \
        feed/conf/config_rule.c feed/conf/config_streams.c feed/conf/config_target.c \
        feed/conf/config_url.c feed/conf/config_value.c

# L5
IO := feed/io/assemble.c feed/io/http.c feed/io/http_lws.c feed/io/inflate.c feed/io/lws_line.c \
      feed/io/lws_reason.c feed/io/lws_tx.c feed/io/net_reason.c feed/io/notify.c \
      feed/io/proxy.c feed/io/recv_bio.c feed/io/resolve.c feed/io/resources.c feed/io/secret.c \
      feed/io/signals.c feed/io/tape.c feed/io/tape_files.c feed/io/tape_pack.c \
      feed/io/tape_reader.c feed/io/tape_thread.c feed/io/tape_uring.c feed/io/tls.c \
      feed/io/tls_session.c feed/io/transport.c feed/io/transport_lws.c \
      feed/io/transport_uring.c feed/io/upgrade.c feed/io/uring_line.c feed/io/uring_recv.c \
      feed/io/uring_stamp.c feed/io/uring_tls.c feed/io/wsframe.c

# L6 to L12, L13 and L14
FEED := feed/pipeline/books.c feed/pipeline/figures.c feed/pipeline/gaps.c feed/pipeline/judge.c \
        feed/pipeline/listed.c feed/pipeline/listing.c feed/pipeline/normalize.c \
        feed/pipeline/pipeline.c feed/pipeline/pipeline_books.c feed/pipeline/pipeline_gaps.c \
        feed/pipeline/pipeline_life.c feed/pipeline/pipeline_list.c feed/pipeline/publish.c \
        feed/pipeline/recall.c feed/pipeline/recorder.c feed/pipeline/roster.c \
        feed/plan/change.c feed/plan/choice.c feed/plan/forecast.c feed/plan/names.c \
        feed/plan/patterns.c feed/plan/plan.c feed/plan/reload.c feed/plan/rest_plan.c \
        feed/store/instruments.c feed/store/opening.c feed/store/ringer.c feed/store/segments.c \
        feed/store/standby.c feed/store/stores.c feed/ops/accept.c feed/ops/alarm.c \
        feed/ops/alarm_command.c feed/ops/alarm_post.c feed/ops/alarm_text.c feed/ops/backfill.c \
        feed/ops/keeper.c feed/ops/lookout.c feed/ops/metrics.c feed/ops/ops.c feed/ops/quoted.c \
        feed/ops/rest.c feed/ops/rest_depth.c feed/ops/rest_list.c feed/ops/rest_trace.c \
        feed/ops/stale.c feed/ops/status_json.c feed/ops/token.c feed/ops/tracer.c \
        feed/ops/upkeep.c feed/ops/web.c feed/ops/web_accept.c feed/ops/web_assets.c \
        feed/ops/web_change.c feed/ops/web_pages.c feed/ops/web_reply.c feed/status/errors.c \
        feed/status/guard.c feed/status/snapshot.c feed/status/snapshot_control.c \
        feed/status/snapshot_detail.c feed/status/snapshot_health.c \
        feed/status/snapshot_streams.c feed/status/tell.c feed/status/verdict.c \
        feed/replay/replay.c feed/replay/replay_apply.c feed/probe/certificate.c \
        feed/probe/command.c feed/probe/probe.c feed/probe/probe_clock.c feed/probe/probe_talk.c \
        feed/probe/report.c feed/probe/report_json.c feed/probe/wire.c
MAIN := feed/app/app.c feed/app/app_changes.c feed/app/app_ops.c feed/app/app_rest.c \
        feed/app/app_streams.c feed/app/app_trace.c feed/app/check.c feed/app/orders.c \
        feed/app/precheck.c feed/main.c

# Tools: one binary each, built of the files of their own list.
TOOLS := exchange-sim feed-health pool-status shm-inspect tick-diff
tool-exchange-sim := tools/common/cli.c tools/exchange-sim/binary.c tools/exchange-sim/book.c \
                     tools/exchange-sim/ca.c tools/exchange-sim/capture.c \
                     tools/exchange-sim/console.c tools/exchange-sim/control.c \
                     tools/exchange-sim/deliver.c tools/exchange-sim/door.c \
                     tools/exchange-sim/endpoint.c tools/exchange-sim/exchange.c \
                     tools/exchange-sim/fault.c tools/exchange-sim/faults.c \
                     tools/exchange-sim/floor.c tools/exchange-sim/gate.c \
                     tools/exchange-sim/hold.c tools/exchange-sim/http.c \
                     tools/exchange-sim/hub.c tools/exchange-sim/inject.c \
                     tools/exchange-sim/instrument.c tools/exchange-sim/kline.c \
                     tools/exchange-sim/main.c tools/exchange-sim/market.c \
                     tools/exchange-sim/message.c tools/exchange-sim/options.c \
                     tools/exchange-sim/origin.c tools/exchange-sim/outq.c \
                     tools/exchange-sim/pace.c tools/exchange-sim/panel.c \
                     tools/exchange-sim/past.c tools/exchange-sim/peer.c \
                     tools/exchange-sim/player.c tools/exchange-sim/publish.c \
                     tools/exchange-sim/report.c tools/exchange-sim/rest.c \
                     tools/exchange-sim/script.c tools/exchange-sim/served.c \
                     tools/exchange-sim/server.c tools/exchange-sim/session.c \
                     tools/exchange-sim/session_streams.c tools/exchange-sim/shelf.c \
                     tools/exchange-sim/state.c tools/exchange-sim/stream.c \
                     tools/exchange-sim/strike.c tools/exchange-sim/text.c \
                     tools/exchange-sim/visitor.c tools/exchange-sim/wire.c
tool-feed-health := tools/common/cli.c tools/common/feed.c tools/common/num.c \
                    tools/common/quantile.c tools/common/reason.c tools/common/stop.c \
                    tools/common/table.c tools/common/term.c tools/common/text.c \
                    tools/feed-health/line.c tools/feed-health/main.c \
                    tools/feed-health/options.c tools/feed-health/probe.c
tool-pool-status := tools/common/cli.c tools/common/feed.c tools/common/num.c \
                    tools/common/quantile.c tools/common/reason.c tools/common/stop.c \
                    tools/common/table.c tools/common/term.c tools/common/text.c \
                    tools/pool-status/figures.c tools/pool-status/main.c \
                    tools/pool-status/options.c tools/pool-status/render_json.c \
                    tools/pool-status/render_prom.c tools/pool-status/render_text.c \
                    tools/pool-status/report.c tools/pool-status/settings.c \
                    tools/pool-status/show.c tools/pool-status/source.c \
                    tools/pool-status/streams.c tools/pool-status/verdict.c
tool-shm-inspect := tools/common/cli.c tools/common/feed.c tools/common/num.c \
                    tools/common/quantile.c tools/common/reason.c tools/common/stop.c \
                    tools/common/table.c tools/common/term.c tools/common/text.c \
                    tools/shm-inspect/delays.c tools/shm-inspect/figures.c \
                    tools/shm-inspect/filter.c tools/shm-inspect/follow.c \
                    tools/shm-inspect/head.c tools/shm-inspect/live.c tools/shm-inspect/main.c \
                    tools/shm-inspect/market.c tools/shm-inspect/measure.c \
                    tools/shm-inspect/options.c tools/shm-inspect/record.c \
                    tools/shm-inspect/render.c tools/shm-inspect/render_json.c \
                    tools/shm-inspect/render_text.c tools/shm-inspect/render_tsv.c \
                    tools/shm-inspect/source.c tools/shm-inspect/status_once.c \
                    tools/shm-inspect/view.c tools/shm-inspect/words.c
tool-tick-diff := tools/common/cli.c tools/common/feed.c tools/common/num.c \
                  tools/common/quantile.c tools/common/reason.c tools/common/stop.c \
                  tools/common/table.c tools/common/term.c tools/common/text.c \
                  tools/tick-diff/compare.c tools/tick-diff/main.c


# Tests: one binary per file, all with the same libraries. test_KEY_*.c and
# test_KEY.c are also linked with the tool tested-KEY, all of it but main().
tested-feedhealth := feed-health
tested-inspect := shm-inspect
tested-poolstatus := pool-status
tested-sim := exchange-sim
tested-tickdiff := tick-diff
UNIT_TESTS := tests/unit/test_accept.c tests/unit/test_alert.c tests/unit/test_arbiter.c \
              tests/unit/test_arbiter_again.c tests/unit/test_arbiter_legs.c \
              tests/unit/test_assemble.c tests/unit/test_balance.c tests/unit/test_bell.c \
              tests/unit/test_board.c tests/unit/test_book.c tests/unit/test_books_memory.c \
              tests/unit/test_booksync.c tests/unit/test_booksync_model.c \
              tests/unit/test_breaker.c tests/unit/test_change.c tests/unit/test_choice.c \
              tests/unit/test_config.c tests/unit/test_config_amend.c \
              tests/unit/test_config_docs.c tests/unit/test_config_streams.c \
              tests/unit/test_config_wrong.c tests/unit/test_crc32c.c tests/unit/test_cursor.c \
              tests/unit/test_depth_snapshot.c tests/unit/test_endpoints.c \
              tests/unit/test_exchange_info.c tests/unit/test_exponents.c \
              tests/unit/test_feed_segments.c tests/unit/test_feedhealth_line.c \
              tests/unit/test_fixed.c tests/unit/test_group.c tests/unit/test_guard.c \
              tests/unit/test_health.c tests/unit/test_health_limits.c \
              tests/unit/test_health_verdict.c tests/unit/test_heartbeat.c \
              tests/unit/test_hist.c tests/unit/test_hold.c tests/unit/test_host.c \
              tests/unit/test_hosts.c tests/unit/test_http_doc.c tests/unit/test_inflate.c \
              tests/unit/test_inspect_figures.c tests/unit/test_inspect_numbers.c \
              tests/unit/test_inspect_render.c tests/unit/test_inspect_view.c \
              tests/unit/test_json_damage.c tests/unit/test_json_events.c \
              tests/unit/test_json_layouts.c tests/unit/test_json_market.c \
              tests/unit/test_ledger.c tests/unit/test_limits.c tests/unit/test_listing.c \
              tests/unit/test_log.c tests/unit/test_mailbox.c tests/unit/test_mapping.c \
              tests/unit/test_metrics_text.c tests/unit/test_name_index.c \
              tests/unit/test_names.c tests/unit/test_notify.c tests/unit/test_ops.c \
              tests/unit/test_pipeline.c tests/unit/test_pipeline_books.c \
              tests/unit/test_pipeline_figures.c tests/unit/test_pipeline_gaps.c \
              tests/unit/test_pipeline_legs.c tests/unit/test_pipeline_life.c \
              tests/unit/test_pipeline_list.c tests/unit/test_pipeline_sbe.c \
              tests/unit/test_pipeline_undecoded.c tests/unit/test_pool.c \
              tests/unit/test_poolstatus_figures.c tests/unit/test_poolstatus_options.c \
              tests/unit/test_poolstatus_render.c tests/unit/test_predict.c \
              tests/unit/test_probe_report.c tests/unit/test_proxy.c tests/unit/test_quota.c \
              tests/unit/test_recall.c tests/unit/test_region.c tests/unit/test_replay.c \
              tests/unit/test_request.c tests/unit/test_retry.c tests/unit/test_ring.c \
              tests/unit/test_rng.c tests/unit/test_rotate.c tests/unit/test_sbe.c \
              tests/unit/test_scale.c tests/unit/test_secret.c tests/unit/test_security.c \
              tests/unit/test_session.c tests/unit/test_session_streams.c \
              tests/unit/test_settings.c tests/unit/test_settle.c tests/unit/test_shm_doc.c \
              tests/unit/test_sim_binary.c tests/unit/test_sim_capture.c \
              tests/unit/test_sim_fault.c tests/unit/test_sim_market.c \
              tests/unit/test_sim_pace.c tests/unit/test_sim_past.c tests/unit/test_sim_served.c \
              tests/unit/test_sim_session.c tests/unit/test_sim_spoil.c \
              tests/unit/test_snapsched.c tests/unit/test_snapsched_known.c \
              tests/unit/test_snapshot_health.c tests/unit/test_snapshot_streams.c \
              tests/unit/test_stale.c tests/unit/test_stall.c tests/unit/test_stores.c tests/unit/test_stream_types.c \
              tests/unit/test_streams.c tests/unit/test_tickdiff.c tests/unit/test_token.c tests/unit/test_trace.c \
              tests/unit/test_trades_page.c tests/unit/test_upgrade.c tests/unit/test_url.c \
              tests/unit/test_usual.c tests/unit/test_venues.c tests/unit/test_vigil.c \
              tests/unit/test_watch.c tests/unit/test_wsframe.c
IPC_TESTS := tests/ipc/test_claim.c tests/ipc/test_faults.c tests/ipc/test_feed_health.c \
             tests/ipc/test_inspect.c tests/ipc/test_kills.c tests/ipc/test_lost_wake.c \
             tests/ipc/test_python.c tests/ipc/test_python_board.c tests/ipc/test_reader_flow.c \
             tests/ipc/test_restart.c tests/ipc/test_segments.c tests/ipc/test_standby.c \
             tests/ipc/test_torn.c tests/ipc/test_wait.c tests/ipc/test_writers.c
SYSTEM_TESTS := tests/system/test_alerts.c tests/system/test_backfill.c \
                tests/system/test_bad_config.c tests/system/test_bad_input.c \
                tests/system/test_blocked_log.c tests/system/test_check_config.c \
                tests/system/test_exchange_faults.c tests/system/test_exchange_sim.c \
                tests/system/test_exchange_strict.c tests/system/test_feed_alone.c \
                tests/system/test_feed_books.c tests/system/test_feed_budgets.c \
                tests/system/test_feed_legs.c tests/system/test_feed_paths.c \
                tests/system/test_feed_way.c tests/system/test_http.c \
                tests/system/test_http_attack.c tests/system/test_http_client.c \
                tests/system/test_http_limits.c tests/system/test_lost_files.c \
                tests/system/test_metrics.c tests/system/test_no_uring.c \
                tests/system/test_notify.c tests/system/test_pool_status.c \
                tests/system/test_probe.c tests/system/test_sbe.c tests/system/test_security.c \
                tests/system/test_start_refused.c tests/system/test_tape.c \
                tests/system/test_traces.c tests/system/test_transport.c \
                tests/system/test_transport_full.c tests/system/test_transport_loop.c \
                tests/system/test_transport_refusal.c tests/system/test_transport_way.c
FUZZERS := tests/fuzz/fuzz_depth_snapshot.c tests/fuzz/fuzz_exchange_info.c \
           tests/fuzz/fuzz_inflate.c tests/fuzz/fuzz_json.c tests/fuzz/fuzz_proxy.c \
           tests/fuzz/fuzz_sbe.c tests/fuzz/fuzz_segment.c tests/fuzz/fuzz_tape.c \
           tests/fuzz/fuzz_trades_page.c tests/fuzz/fuzz_upgrade.c tests/fuzz/fuzz_wsframe.c

# They compare times of one run, and have the machine for themselves. The attack
# is measured once; elsewhere it is seen that nothing is lost.
TESTS_ALONE := $(if $(filter gcc-release,$(notdir $(B))),test_http_attack) test_standby

# More tests. SHELL_TESTS count one each and find the build in $TICKRING_BUILD;
# CAPTURE_TESTS find the recorded messages in $TICKRING_CAPTURES.
SIM_TESTS := tests/sim/test_feed_sim.c tests/sim/test_pool_sim.c
CAPTURE_TESTS := tests/captures/test_capture_books.c tests/captures/test_capture_decode.c \
                 tests/captures/test_capture_rest.c tests/captures/test_capture_sbe.c
SHELL_TESTS := tests/system/bench_quick.sh tests/system/closed_files.sh \
               tests/system/containers.sh tests/system/install.sh \
               tests/system/interop.sh tests/system/monitoring.sh tests/system/options.sh \
               tests/system/oracle_empty.sh tests/system/page.sh tests/system/readme_example.sh \
               tests/system/scan.sh tests/system/tape_small.sh tests/system/unit_files.sh

# Linked into every test, benchmark and fuzz target through an archive.
TEST_SUPPORT := tests/captures.c tests/decode_oracle.c tests/json_examples.c tests/json_layout.c \
                tests/json_random.c tests/market_oracle.c tests/oracle_check.c \
                tests/pipeline_rig.c tests/pool_example.c tests/shm_fixture.c tests/tape_rig.c \
                tests/sim/agenda.c tests/sim/feed.c tests/sim/frame.c tests/sim/journal.c \
                tests/sim/market.c tests/sim/operator.c tests/sim/peer.c tests/sim/places.c \
                tests/sim/rules.c tests/sim/sim.c tests/sim/topology.c tests/sim/weather.c \
                tests/bench/receive/blaster.c tests/bench/receive/child.c \
                tests/bench/receive/client.c tests/bench/receive/client_lws.c \
                tests/bench/receive/client_openssl.c tests/bench/receive/feed_run.c \
                tests/bench/receive/report.c tests/bench/receive/run.c \
                tests/bench/receive/wares.c tests/bench/bench_clock.c tests/bench/board_load.c \
                tests/bench/decode_mix.c tests/bench/figures.c tests/bench/paced.c \
                tests/bench/pair.c tests/bench/pingpong.c tests/bench/plain.c \
                tests/bench/ring_alone.c tests/bench/ring_flow.c tests/bench/ring_paced.c \
                tests/system/attack.c tests/system/backfill_rig.c tests/system/certs.c \
                tests/system/daemon.c tests/system/feed_rig.c tests/system/flow.c \
                tests/system/http_rig.c tests/system/proxy_server.c tests/system/ring_content.c \
                tests/system/sim_rig.c tests/system/stage.c tests/system/transport_rig.c \
                tests/system/web_server.c tests/system/ws_server.c tests/ipc/python_rig.c \
                tests/ipc/witness.c

# Benchmarks: tests/bench/bench_NAME.c is run by `make bench-NAME`.
BENCHES := tests/bench/bench_book.c tests/bench/bench_decode.c tests/bench/bench_path.c \
           tests/bench/bench_receive.c tests/bench/bench_ring.c tests/bench/bench_ring_plain.c

# Every tool NAME of TOOLS has a list tool-NAME := sources. It is linked with
# libtickring alone unless tool-NAME-libs names more, such as $(LIBS).

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

# What each message goes through: a tenth less time in it than with -O2.
HOT := $(filter feed/pipeline/%,$(FEED)) $(filter feed/venue/binance/%,$(VENUE)) \
       feed/core/arbiter.c feed/io/wsframe.c feed/io/uring_recv.c feed/io/uring_tls.c
$(call obj,$(HOT)): private OPT_release := -O3

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
$(LIBFEED): $(call obj,$(SHM_WRITER) $(BASE) $(VENUE) $(CORE) $(CONF) $(IO) $(FEED))

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
$(foreach t,$(TOOLS),$(eval $(call PROGRAM,$(t),$(tool-$(t)),$(or $(tool-$(t)-libs),$(LIBTICKRING)))))

# ---- tests -----------------------------------------------------------------

LIBTEST := $(B)/libtest.a
TESTS := $(UNIT_TESTS) $(SIM_TESTS) $(IPC_TESTS) $(SYSTEM_TESTS)
bin = $(patsubst %.c,$(B)/%,$(1))
TEST_BINS := $(call bin,$(TESTS))
CAPTURE_BINS := $(call bin,$(CAPTURE_TESTS))

$(LIBTEST): $(call obj,$(TEST_SUPPORT))
tested = $(tested-$(word 2,$(subst _, ,$(basename $(notdir $(1))))))
$(foreach t,$(TOOLS),$(eval \
    $(B)/libtool-$(t).a: $(call obj,$(filter-out %/main.c,$(tool-$(t))))))
$(foreach t,$(TESTS) $(CAPTURE_TESTS),$(eval $(call PROGRAM,$(t:%.c=%),$(t),\
    $(LIBTEST) $(addprefix $(B)/libtool-,$(addsuffix .a,$(call tested,$(t)))) $(LIBS),$$(CMOCKA_LIBS))))

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

LAYOUTS := $(B)/tests/unit/test_json_layouts
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
