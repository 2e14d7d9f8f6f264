#include "tests/bench/receive/run.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/bench/receive/child.h"
#include "tests/bench/receive/feed_run.h"
#include "tests/system/certs.h"

#define BEGIN_WITHIN_S 10
#define END_WITHIN_S 5

static const char *const names[RUN_CLIENTS] = {
	[RUN_FEEDD_URING] = "feedd uring",
	[RUN_FEEDD_BUSY] = "feedd uring busy_poll",
	[RUN_FEEDD_LWS] = "feedd lws",
	[RUN_OPENSSL] = "OpenSSL alone",
	[RUN_OPENSSL_POLL] = "OpenSSL alone, poll",
	[RUN_LWS_CJSON] = "libwebsockets + cJSON",
	[RUN_NPM_WS] = "npm ws + JSON.parse",
	[RUN_CONNECTOR] = "@binance/connector",
};

struct run {
	const struct run_rig *rig;
	const struct run_cfg *cfg;
	struct run_result *out;
	struct feed_run feed;
	char log[128];
	int listener;
	uint16_t port;
	pid_t sender, client;
};

/* What is looked at twice. */
struct look {
	mono_t at;
	uint64_t sent, syscalls;
	span_t client, sender;
};

const char *
run_client_name(enum run_client client)
{
	return names[client];
}

static bool
is_feedd(enum run_client client)
{
	return client <= RUN_FEEDD_LWS;
}

int
run_rig_open(struct run_rig *rig)
{
	char ca_file[96];
	ssize_t n = readlink("/proc/self/exe", rig->self, sizeof(rig->self) - 1);

	rig->build = getenv("TICKRING_BUILD");
	rig->root = getenv("TICKRING_ROOT");
	rig->link = mmap(NULL, sizeof(*rig->link), PROT_READ | PROT_WRITE,
	    MAP_ANONYMOUS | MAP_SHARED, -1, 0);
	snprintf(rig->folder, sizeof(rig->folder), "/tmp/tickring-bench-XXXXXX");
	if (n <= 0 || !rig->build || !rig->root || rig->link == MAP_FAILED ||
	    mkdtemp(rig->folder) == NULL) {
		fprintf(stderr, "bench_receive: run it by `make bench-receive`\n");
		return -1;
	}
	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", rig->folder);
	certs_open(ca_file);
	rig->tls = certs_server(CERT_GOOD);
	SSL_CTX_set_min_proto_version(rig->tls, TLS1_3_VERSION);
	SSL_CTX_set_ciphersuites(rig->tls, "TLS_AES_256_GCM_SHA384");
	return 0;
}

void
run_rig_close(struct run_rig *rig)
{
	static const char *const files[] = {"ca.pem", "client.log"};
	char path[128];

	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", rig->folder, files[i]);
		unlink(path);
	}
	rmdir(rig->folder);
	SSL_CTX_free(rig->tls);
	certs_close();
	munmap(rig->link, sizeof(*rig->link));
}

/* ---- start --------------------------------------------------------------------- */

static bool
fail(struct run *r, const char *why)
{
	r->out->failed = true;
	if (r->out->why[0] == '\0')
		snprintf(r->out->why, sizeof(r->out->why), "%s", why);
	return false;
}

static bool
listen_somewhere(struct run *r)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);

	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->listener < 0 || bind(r->listener, (struct sockaddr *)&at, n) != 0 ||
	    listen(r->listener, 4) != 0 ||
	    getsockname(r->listener, (struct sockaddr *)&at, &n) != 0)
		return fail(r, "no listening socket");
	r->port = ntohs(at.sin_port);
	return true;
}

static void
start_sender(struct run *r)
{
	struct blaster_cfg cfg = {.link = r->rig->link, .listener = r->listener,
	    .tls = r->rig->tls, .mix = r->cfg->mix, .per_record = r->cfg->per_record,
	    .pace = r->cfg->pace, .cpu = r->rig->sender_cpu};

	memset(r->rig->link, 0, sizeof(*r->rig->link));
	r->sender = fork();
	if (r->sender != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	blaster_run(&cfg);
}

static void
start_client(struct run *r)
{
	static char ca[128], port[16], streams[2100], script[PATH_MAX + 64], trust[160];
	const char *const kind[RUN_CLIENTS] = {[RUN_OPENSSL] = "openssl",
	    [RUN_OPENSSL_POLL] = "openssl-poll", [RUN_LWS_CJSON] = "lws",
	    [RUN_NPM_WS] = "client_ws.js", [RUN_CONNECTOR] = "client_connector.js"};
	const char *name = kind[r->cfg->client], *stamped = r->cfg->pace > 0 ? "stamped" : "plain";
	const char *own[] = {r->rig->self, "--client", name, port, ca, stamped, NULL};
	const char *node[] = {"node", script, port, streams, r->rig->node, stamped, NULL};
	const char **argv = r->cfg->client >= RUN_NPM_WS ? node : own;

	snprintf(port, sizeof(port), "%u", r->port);
	snprintf(ca, sizeof(ca), "%s/ca.pem", r->rig->folder);
	snprintf(trust, sizeof(trust), "NODE_EXTRA_CA_CERTS=%s", ca);
	snprintf(streams, sizeof(streams), "[%s]", wares_streams());
	snprintf(script, sizeof(script), "%s/tests/bench/receive/%s", r->rig->root,
	    name == NULL ? "" : name);
	snprintf(r->log, sizeof(r->log), "%s/client.log", r->rig->folder);
	if (is_feedd(r->cfg->client)) {
		feed_run_arguments(&r->feed, r->rig, r->cfg->client, r->port);
		feed_run_clean(&r->feed);
		argv = r->feed.argv;
	}
	r->client = child_start(argv, r->log, trust, r->rig->client_cpu);
}

static bool
wait_for(const struct run *r, const _Atomic bool *what)
{
	mono_t limit = mono_add(clock_mono(), span_s(BEGIN_WITHIN_S));

	while (!*what && !mono_due(limit, clock_mono()) && kill(r->sender, 0) == 0)
		usleep(1000);
	return *what;
}

/* ---- measure ------------------------------------------------------------------- */

static struct look
look(const struct run *r, int counter)
{
	return (struct look){
		.at = clock_mono(),
		.sent = r->rig->link->sent,
		.client = child_cpu(r->client),
		.sender = child_cpu(r->sender),
		.syscalls = counter >= 0 ? child_syscalls(counter) : 0,
	};
}

static void
measure(struct run *r)
{
	int counter = r->cfg->count_syscalls ? child_count_syscalls(r->client) : -1;
	double *figure = r->out->figure, ns, messages;
	struct look a, b;

	usleep((useconds_t)r->cfg->warm_ms * 1000);
	a = look(r, counter);
	usleep((useconds_t)r->cfg->ms * 1000);
	b = look(r, counter);
	ns = (double)mono_diff(b.at, a.at).ns;
	messages = (double)(b.sent - a.sent);
	if (messages <= 0) {
		fail(r, "no message was taken");
		return;
	}
	figure[RUN_MESSAGES_PER_S] = messages * 1e9 / ns;
	figure[RUN_CPU_NS] = (double)(b.client.ns - a.client.ns) / messages;
	figure[RUN_BUSY] = (double)(b.client.ns - a.client.ns) * 100 / ns;
	figure[RUN_SENDER_BUSY] = (double)(b.sender.ns - a.sender.ns) * 100 / ns;
	figure[RUN_RSS_MIB] = (double)child_resident_kib(r->client) / 1024;
	figure[RUN_SYSCALLS] = (double)(b.syscalls - a.syscalls) / messages;
	if (counter >= 0)
		close(counter);
	else if (r->cfg->count_syscalls)
		fail(r, "system calls cannot be counted here");
}

/* ---- end ----------------------------------------------------------------------- */

/* Reads what a client of ours printed, and compares its count. */
static void
take_tally(struct run *r, int64_t *p50, int64_t *p99)
{
	long long median = 0, high = 0;
	unsigned long long messages = 0, expected = r->rig->link->sent + r->rig->link->replies;
	char line[256] = "";
	FILE *file = fopen(r->log, "r");
	bool told = false;

	while (file != NULL && !told && fgets(line, sizeof(line), file) != NULL)
		told = sscanf(line, "messages %llu p50 %lld p99 %lld", &messages, &median,
		    &high) == 3;
	if (file != NULL)
		fclose(file);
	*p50 = median;
	*p99 = high;
	if (!told)
		fail(r, line[0] != '\0' ? line : "the client told no tally");
	else if (messages != expected)
		fail(r, "the client lost messages");
}

static void
finish(struct run *r)
{
	char why[256] = "the client is gone";
	int64_t p50 = 0, p99 = 0;

	r->rig->link->stop = true;
	if (!wait_for(r, &r->rig->link->ended))
		fail(r, "the sender did not end");
	if (is_feedd(r->cfg->client)) {
		if (!feed_run_settle(&r->feed, r->rig->link->sent, r->rig->link->replies, why))
			fail(r, why);
		kill(r->client, SIGTERM);
	}
	if (!child_end(r->client, span_s(END_WITHIN_S)))
		fail(r, "the client did not end well");
	child_end(r->sender, span_s(END_WITHIN_S));
	if (!is_feedd(r->cfg->client))
		take_tally(r, &p50, &p99);
	else if (r->cfg->pace > 0)
		feed_run_ages(&r->feed, &p50, &p99);
	r->out->figure[RUN_P50_US] = (double)p50 / 1000;
	r->out->figure[RUN_P99_US] = (double)p99 / 1000;
	if (is_feedd(r->cfg->client))
		feed_run_clean(&r->feed);
}

void
run_once(const struct run_rig *rig, const struct run_cfg *cfg, struct run_result *out)
{
	struct run r = {.rig = rig, .cfg = cfg, .out = out};

	*out = (struct run_result){0};
	if (cfg->client >= RUN_NPM_WS && rig->node[0] == '\0') {
		fail(&r, "node or its packages are not available");
		return;
	}
	if (!listen_somewhere(&r))
		return;
	start_sender(&r);
	start_client(&r);
	if (wait_for(&r, &rig->link->begun))
		measure(&r);
	else
		fail(&r, "the client did not subscribe");
	finish(&r);
	close(r.listener);
}
