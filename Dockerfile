# What compiles, what is installed, and an image of what runs. It needs DATABASE_URL: the embedded PostgreSQL is left out.
FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/ensure-built.js scripts/
COPY src src
RUN npm run build

FROM node:26-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:26-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8001
WORKDIR /app
COPY package.json ./
COPY migrations migrations
COPY sample sample
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 8001
STOPSIGNAL SIGTERM
# Whether the process lives: one that is busy or without its database is not made better by a restart.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself as process 1: npm would stand between it and the signals.
CMD ["node", "--enable-source-maps", "dist/server.js"]
