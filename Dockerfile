# Assay for a PostgreSQL that DATABASE_URL names. The sources run as they are, by Node's type stripping; only the Prisma
# client, the typed GraphQL operations and the dashboard's pages are made, which takes development packages.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# The optional packages are an embedded PostgreSQL and a Node for machines with an old one: here there are others.
RUN npm run generate && npm run build:dashboard && npm prune --omit=dev --omit=optional

FROM node:24-slim
ENV NODE_ENV=production
COPY --from=build /app /app
# Your project, with assay.config.ts if it has tasks or evaluators of its own, is mounted here.
WORKDIR /work
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4000/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/src/cli/bin.mjs"]
CMD ["serve", "--host", "0.0.0.0"]
