# The feed and its tools in an image of their own:
#
#	docker build -t tickring .
#	docker run --ipc=shareable --shm-size=64m --ulimit memlock=-1 \
#	    --read-only --cap-drop=ALL --security-opt no-new-privileges \
#	    -v $PWD/conf/feed.json:/etc/tickring/feed.json:ro tickring
#
# Podman and Buildah: build with `--format docker`, which knows HEALTHCHECK.
#
# Readers in other containers share the memory: docker run --ipc=container:NAME ...
#
# Docker's default seccomp profile forbids io_uring; the feed then falls back to
# libwebsockets and says so in its log (docs/OPERATING.md, "Containers").

FROM debian:12-slim AS build
WORKDIR /src
# Before the sources, so that a change of those leaves the packages as they are.
COPY tools/deps.sh tools/deps.sh
RUN tools/deps.sh
COPY Makefile README.md ./
COPY conf conf
COPY docs docs
COPY feed feed
COPY include include
COPY shm shm
COPY tools tools
RUN make -j"$(nproc)" all && make install DESTDIR=/out prefix=/usr

FROM debian:12-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates libcap2 libcjson1 liburing2 libssl3 libwebsockets17 libzstd1 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 tickring \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin tickring
COPY --from=build /out/ /
COPY conf/feed.json /etc/tickring/feed.json
USER 10001:10001
WORKDIR /
STOPSIGNAL SIGTERM
# Of the feed in /etc/tickring/feed.json as it comes; another name, another check.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["feed-health", "binance"]
ENTRYPOINT ["feedd"]
CMD ["--config", "/etc/tickring/feed.json"]
