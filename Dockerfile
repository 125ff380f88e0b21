# zerodrop from its lock file, as an account of its own, over a data home that is mounted at /data.
#
#   docker build -t zerodrop .
#   docker run --rm -it -v zerodrop:/data zerodrop init
#   docker run -d --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     --network proxy -v zerodrop:/data zerodrop serve --host 0.0.0.0 --behind-proxy \
#     --proxy-address 172.18.0.0/16 --name zerodrop.example.ac.th
FROM python:3.11-slim AS built
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv .venv && .venv/bin/pip install --require-hashes --no-deps -r requirements.lock \
    && .venv/bin/pip check
COPY . .
# Without dependencies and without an isolated build: nothing comes in beside what the lock names.
RUN .venv/bin/pip install --no-deps --no-build-isolation -e . && .venv/bin/python -m compileall -q /app -x '/\.venv/'

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin zerodrop \
    && install -d -o zerodrop -g zerodrop -m 0700 /data
COPY --from=built /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/tmp/numba \
    ZERODROP_HOME=/data/home \
    ZERODROP_KEY_FILE=/data/home.key
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["zerodrop"]
CMD ["--help"]
