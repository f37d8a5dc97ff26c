# One image for every service of faafo:
# docker run IMAGE api | producer | worker | notifier | reader | all | manage ...
# Build it in a checkout: docker build -t faafo .

FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends binutils git python3-venv \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/faafo
COPY requirements.txt /src/
RUN /opt/faafo/bin/pip install --no-cache-dir --requirement /src/requirements.txt
COPY . /src/
# The version comes from the history in .git, or, where there is none, from PBR_VERSION.
ARG PBR_VERSION
# Of PyAV a quarter, 26 MB, is there for debuggers alone.
RUN /opt/faafo/bin/pip install --no-cache-dir '/src[s3,tracing,film]' \
 && find /opt/faafo -path '*/av/*.so' -exec strip --strip-unneeded {} + \
 && /opt/faafo/bin/python -c 'import av' \
 && find /opt/faafo -type d \
      \( -name __pycache__ -o -name tests \( -path '*/numpy/*' -o -path '*/numba/*' \) \) \
      -prune -exec rm -rf {} + \
 && /opt/faafo/bin/pip uninstall --yes pip \
 && /opt/faafo/bin/python -m compileall -q /opt/faafo/lib

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /var/lib/faafo --create-home faafo
COPY --from=build /opt/faafo /opt/faafo
COPY --chmod=755 container/faafo-container container/faafo-healthy /usr/local/bin/
COPY --chmod=755 container/make-users /usr/local/bin/faafo-users
# With a read-only root file system /tmp must be a tmpfs, and /var/lib/faafo a volume or a tmpfs.
ENV PATH=/opt/faafo/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OS_DEFAULT__STATE_PATH=/var/lib/faafo \
    OS_DEFAULT__LISTEN_ADDRESS=0.0.0.0 \
    OS_RPC__PULSE_FILE=/tmp/faafo-pulse \
    OS_NOTIFIER__PULSE_FILE=/tmp/faafo-pulse \
    OS_READER__PULSE_FILE=/tmp/faafo-pulse \
    NUMBA_CACHE_DIR=/tmp/numba
USER 10001:10001
WORKDIR /var/lib/faafo
VOLUME /var/lib/faafo
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=2 CMD ["faafo-healthy"]
ENTRYPOINT ["tini", "--", "faafo-container"]
CMD ["all"]
