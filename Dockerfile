# The Airbyte source as an image:
#   docker build -t facebook-marketing/source-facebook-marketing:0.1.0 .
#   docker run --rm -v "$PWD/secrets:/secrets" facebook-marketing/source-facebook-marketing:0.1.0 check --config /secrets/config.json
# conformance/image follows these lines without docker.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
COPY image image
RUN python -m venv /opt/tools
RUN /opt/tools/bin/pip install --require-hashes --only-binary :all: -r image/build.txt
# Without pip in it: the image holds what the source needs and nothing that could install more.
RUN python -m venv --without-pip /opt/venv
RUN /opt/tools/bin/pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r image/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/tools/bin/pip wheel --no-deps --no-build-isolation -w /opt/wheels .
RUN /opt/tools/bin/pip --python /opt/venv/bin/python install --no-deps /opt/wheels/*.whl

FROM python:3.11.14-slim-bookworm
LABEL io.airbyte.name="facebook-marketing/source-facebook-marketing"
LABEL io.airbyte.version="0.1.0"
COPY --from=build /opt/venv /opt/venv
# Nothing is written: a read-only root file system will do, and any user id, with a home folder or without.
ENV PYTHONDONTWRITEBYTECODE=1
ENV PYTHONUNBUFFERED=1
# Airbyte on Kubernetes starts this through a shell of its own, in a folder of its own, and not the ENTRYPOINT.
ENV AIRBYTE_ENTRYPOINT="/opt/venv/bin/source-facebook-marketing"
WORKDIR /airbyte/integration_code
USER 1000:1000
# As a list: the source is the first process then, and SIGTERM reaches it.
ENTRYPOINT ["/opt/venv/bin/source-facebook-marketing"]
