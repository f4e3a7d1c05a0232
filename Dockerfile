# The images of this repository. Targets: `appliance` (the default) and `hosting`.
#
#   docker build --build-arg VERSION=$(cat VERSION) --tag dca/appliance:stable .
#
# Behind a proxy that inspects TLS, add: --network host --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt

ARG BASE=debian:trixie-slim

FROM ${BASE} AS base
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3 tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log /usr/share/doc /usr/share/man

# What builds: pip, setuptools and npm. None of it reaches an image.
FROM base AS tools
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv
RUN python3 -m venv /tools
WORKDIR /source
COPY requirements/build.lock requirements/node.lock requirements/
RUN --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && /tools/bin/pip install -q --no-cache-dir --require-hashes -r requirements/build.lock -r requirements/node.lock

FROM tools AS frontend
COPY frontend frontend
RUN --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi \
    && PATH=/tools/bin:$PATH NPM=/tools/bin/npm sh frontend/build.sh --omit=dev

# What others wrote, in a layer of its own: a new version of ours neither builds it nor has it fetched again.
FROM tools AS dependencies
COPY requirements/appliance.lock requirements/hosting.lock requirements/
RUN --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && for room in appliance hosting; do \
        python3 -m venv --without-pip /opt/$room \
        && /tools/bin/pip --python /opt/$room/bin/python install -q --no-cache-dir --require-hashes -r requirements/$room.lock || exit 1; \
    done

FROM dependencies AS packages
ARG VERSION
COPY VERSION README.md LICENSE pyproject.toml ./
RUN test "$VERSION" = "$(cat VERSION)" \
    || { echo "Pass the version: --build-arg VERSION=$(cat VERSION) (or use \`make image\`)" >&2; exit 1; }
COPY appliance appliance
COPY updater updater
COPY web web
COPY webui webui
COPY hosting hosting
COPY simulator simulator
COPY --from=frontend /source/webui/static/vendor webui/static/vendor
COPY --from=frontend /source/hosting/console/static/vendor hosting/console/static/vendor
RUN /tools/bin/pip wheel -q --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel . \
    && for room in appliance hosting; do \
        /tools/bin/pip --python /opt/$room/bin/python install -q --no-cache-dir --no-deps --no-index --prefix /product/$room /wheel/*.whl \
        || exit 1; \
    done \
    # Each image carries its own rooms: the console's server and the simulator have no place at a site.
    && cd /product/appliance/lib/python3*/site-packages && rm -rf hosting simulator ../../../bin/dca-hosting ../../../bin/dca-simulator

FROM base AS hosting
RUN install -d -o 10001 -g 10001 -m 0700 /data
COPY LICENSE /usr/share/licenses/dca/LICENSE
COPY --from=dependencies /opt/hosting /opt/hosting
COPY --from=packages /product/hosting /opt/hosting
ENV PATH=/opt/hosting/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DCA_HOSTING_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8443
ENTRYPOINT ["tini", "--", "dca-hosting"]
CMD ["serve", "--bind", "0.0.0.0"]
ARG VERSION
LABEL org.opencontainers.image.title="DCA hosting server" \
      org.opencontainers.image.description="Receives, keeps and shows the readings of DCA appliances" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="debian:trixie-slim"

FROM base AS appliance
RUN install -d -o 10001 -g 10001 -m 0700 /data /run/dca
COPY LICENSE /usr/share/licenses/dca/LICENSE
COPY --from=dependencies /opt/appliance /opt/appliance
# One malloc arena: a thread that calls the hosting server now and then must not keep memory of its own.
ENV PATH=/opt/appliance/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=1 DCA_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
# `dca health` asks the supervisor on its control socket and prints one line.
HEALTHCHECK --interval=20s --timeout=5s --start-period=30s --retries=3 CMD ["dca", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "dca"]
CMD ["run"]
COPY --from=packages /product/appliance /opt/appliance
# Last, since it is about all other layers: what each file is, so that a damaged image is found before it takes over.
RUN python3 -m updater.installation.manifest write
USER 10001:10001
ARG VERSION
LABEL dca.role="main" \
      org.opencontainers.image.title="DCA appliance" \
      org.opencontainers.image.description="A data collection agent for managed print services, as one self-updating container" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="debian:trixie-slim"
