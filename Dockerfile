# One image for the three processes. It builds with docker, podman and `buildah bud --isolation chroot`, for amd64 and
# arm64: nothing here names an architecture. docs/image.md says what is in it and why.
ARG BASE_IMAGE=docker.io/library/debian:trixie-slim

# npm, to install with. What it installs brings the Node.js that the program runs on.
FROM ${BASE_IMAGE} AS npm
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM npm AS compiled
RUN npm ci --no-progress --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN PATH=/app/node_modules/.bin:$PATH tsc -p tsconfig.build.json --sourceMap false

# What runs needs: no compiler, no types, no maps.
FROM npm AS modules
RUN npm ci --omit=dev --no-progress --loglevel=error \
 && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete \
 && rm -rf node_modules/bare-* node_modules/koffi/vendor node_modules/koffi/doc node_modules/.package-lock.json

# The programs that the sidecar runs, with the libraries that they and Node.js load, and what scanners look for.
FROM ${BASE_IMAGE} AS system
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends iproute2 nftables wireguard-go wireguard-tools libstdc++6 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=compiled /app/node_modules/node/bin/node /usr/local/bin/node
COPY deploy/image/collect.sh /collect.sh
RUN sh /collect.sh /image ip nft wg wireguard-go node

FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tenant-tunnel-operator" \
      org.opencontainers.image.description="One WireGuard tunnel for each tenant, shared by all of its MikroTik routers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=system /image /
COPY --from=modules /app/node_modules /app/node_modules
COPY package.json /app/
COPY --from=compiled /app/dist /app/dist
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin NODE_ENV=production
# glibc keeps what is freed for later, in an arena for each thread and in ever larger pieces: 60 MiB of 65,000 routers' lists.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
USER 65532:65532
# V8 would let garbage pile up to a multiple of what lives: 480 MiB for 20,000 routers that need 230.
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=32", "--heap-growing-percent=40", "--max-old-space-size-percentage=70", "/app/dist/main.js"]
CMD ["--help"]
