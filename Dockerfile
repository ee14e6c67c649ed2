# Dependencies apart from the code, so that an edit does not install them again. The image brings its own Node: the
# optional packages, which pin one, stay out.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Not `npm ci`: it wants lock entries for the development tools of every platform, of which none is installed here.
RUN npm install --omit=dev --omit=optional --no-audit --no-fund

# The chat page. Its tools come with binaries of the platform, as optional packages.
FROM node:24-slim AS page
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
RUN npm install --no-audit --no-fund
COPY src ./src
RUN npm run build:web

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY plugins ./plugins
COPY src ./src
COPY --from=page /app/dist ./dist
# Where the SQLite file goes when there is no Redis: mount a volume to keep it.
RUN mkdir data && chown node:node data
USER node
EXPOSE 5001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 5001}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not through npm, so that SIGTERM reaches the service itself.
CMD ["node", "src/server.ts"]
