# One image for API and worker; the command decides which.
FROM node:22-bookworm-slim

# yt-dlp and deno come as Python packages and need Python 3.11, which bookworm has.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY . .
# Installs packages and tools and builds page and bundles, as on any machine.
RUN node scripts/setup.mjs && npm cache clean --force && rm -rf /root/.cache

# What is written goes under /data, which belongs to an ordinary user.
RUN mkdir /data && chown node:node /data
USER node
ENV SLUICE_DATA=/data
VOLUME /data
EXPOSE 8080
CMD ["node", "--enable-source-maps", "dist/api.js"]
