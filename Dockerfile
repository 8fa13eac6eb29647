# One image for every process of ours: `python -m api` by default, `python -m worker`, `python -m worker.media`,
# `python -m models.migrate`.

FROM python:3.13-slim AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/zilliance
WORKDIR /build

# The dependencies alone first, so that a change of our code does not fetch them again. Neither the extra `stack` (the
# embedded database and the like) nor the development tools belong in the image.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-cache --no-dev --no-install-project

COPY README.md ./
COPY workflows workflows
COPY activities activities
COPY api api
COPY worker worker
COPY models models
COPY zilliance zilliance
RUN uv sync --frozen --no-cache --no-dev --no-editable


FROM python:3.13-slim
RUN groupadd --system --gid 10001 zilliance \
    && useradd --system --uid 10001 --gid zilliance --no-create-home --shell /usr/sbin/nologin zilliance \
    && install --directory --owner zilliance --group zilliance /var/lib/zilliance
COPY --from=build /opt/zilliance /opt/zilliance
ENV PATH=/opt/zilliance/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ZILLIANCE_HOST=0.0.0.0 \
    ZILLIANCE_PORT=8000 \
    ZILLIANCE_HOME=/tmp/zilliance
USER 10001:10001
WORKDIR /srv
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "api"]
