# The `stylus` command with the miniature inside, drawing on the CPU.
#
#   docker build -t stylus .
#   mkdir -p pictures    # or docker makes it, and then only root may write there
#   docker run --rm --user "$(id -u)" -v "$PWD/pictures:/data" stylus imagine "a red fox in the snow"
#   docker run -d --stop-timeout 40 -v stylus:/data -e STYLUS_DISCORD__TOKEN stylus bot
#
# A stop takes up to delivery.drain_seconds (25): docker would kill after 10. /healthz and /metrics answer on the
# container's own loopback: with --network host on the machine's.
#
# Where pip's usual index has only CUDA builds of torch, name the one for CPUs:
#   docker build --build-arg TORCH_INDEX=ADDRESS -t stylus .

FROM python:3.11-slim AS build
ARG TORCH_INDEX=""
WORKDIR /src
# The libraries are a layer of their own: a change of our code does not fetch them again.
COPY pyproject.toml constraints.txt ./
COPY .ci/prepare.py .ci/
RUN TORCH_INDEX="$TORCH_INDEX" python .ci/prepare.py --libraries /venv
COPY . .
RUN /venv/bin/pip install --quiet --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 stylus && mkdir /data && chown stylus /data
COPY --from=build /venv /venv
ENV PATH="/venv/bin:$PATH" STYLUS_PATHS__DATA=/data
USER stylus
VOLUME /data
ENTRYPOINT ["stylus"]
CMD ["--help"]
