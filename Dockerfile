# CUDA 13 and cuDNN 9 with Deno, for machines with an NVIDIA driver of version 580 or later:
#   docker build -t tvp .
#   docker run --rm --gpus all -v tvp-results:/app/.tvp tvp run pipelines/quickstart.yaml --provider cuda
# The volume keeps results and reports from run to run, and belongs to the user of the image.
FROM denoland/deno:bin-2.9.6 AS deno

FROM nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04
COPY --from=deno /deno /usr/local/bin/deno
RUN useradd --create-home --uid 10001 tvp && mkdir -p /app/.tvp /deno && chown -R tvp /app /deno
USER tvp
WORKDIR /app
ENV DENO_DIR=/deno DENO_NO_UPDATE_CHECK=1
# Packages and CUDA's provider are fetched again only where the lock file or the runtime's code changes.
COPY --chown=tvp deno.json deno.lock ./
COPY --chown=tvp lib lib
RUN deno run -A --frozen lib/cli/main.ts doctor --install cuda
COPY --chown=tvp . .
# All packages, also those that are loaded later, so that a run without network finds them.
RUN deno install --frozen && deno cache --frozen lib/cli/main.ts stages/*.ts datasets/*.ts
VOLUME /app/.tvp
ENTRYPOINT ["deno", "run", "-A", "--frozen", "lib/cli/main.ts"]
CMD ["doctor"]
