# Dependencies apart from the code, so that an edit does not install them again. The image brings its own Node: the
# optional packages, which pin one, stay out.
FROM node:24.21-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

# The chat page. Its tools come with binaries of the platform, as optional packages.
FROM node:24.21-slim AS page
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci --no-audit --no-fund
COPY src ./src
RUN npm run build:web

FROM node:24.21-slim
# A container must listen beyond loopback to be reached. The service then needs a sign-in, or AUTH=off.
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY plugins ./plugins
COPY src ./src
COPY --from=page /app/dist ./dist
# Where the SQLite file goes when there is no Redis: mount a volume to keep it. Nothing else is written.
RUN mkdir -m 700 data && chown node:node data
USER node
EXPOSE 5001
# The first check comes after one second instead of ten, so that what waits for this container starts sooner.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 5001}${process.env.BASE_PATH || ''}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not through npm, so that SIGTERM reaches the service itself.
CMD ["node", "src/server.ts"]
