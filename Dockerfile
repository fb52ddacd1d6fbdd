# Image of the service: docker build -t fatrina . && docker run -p 8000:8000 -v fatrina:/data fatrina
# It runs as user 10001 and writes only to /data. PYTHON_IMAGE needs Python 3.11 or newer.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
COPY requirements requirements
# All dependencies are pinned by hash. pyvips has no wheel; its pure Python version is built here.
RUN python3 -m venv tools \
    && tools/bin/python -m pip install --quiet --require-hashes -r requirements/build.txt \
    && PKG_CONFIG=false tools/bin/python -m pip wheel --quiet --no-build-isolation --no-deps --require-hashes \
        -w wheels -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN tools/bin/python -m pip wheel --quiet --no-build-isolation --no-deps -w wheels . \
    && python3 -m venv --without-pip /opt/fatrina \
    && tools/bin/python -m pip --python /opt/fatrina/bin/python install --quiet --no-index --no-deps wheels/*.whl \
    && mkdir /empty

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/fatrina /opt/fatrina
COPY --from=build --chown=10001:10001 /empty /data
ENV PATH=/opt/fatrina/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    FATRINA_DATA=/data \
    FATRINA_HOST=0.0.0.0 \
    FATRINA_PORT=8000
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python3", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"FATRINA_PORT\"]}/ready', timeout=4)"]
ENTRYPOINT ["fatrina"]
CMD ["serve"]
