# Assay in one container, with its own PostgreSQL in the volume /data, or with the one that DATABASE_URL names:
#   docker run --read-only --tmpfs /tmp -p 4000:4000 -v assay:/data assay
# The first start on an empty volume prints the key of its administrator, once.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# The Node for machines with an old one is left out: this image has one.
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/node-linux-*

FROM node:24-slim
ENV NODE_ENV=production ASSAY_DATA_DIR=/data ASSAY_FIRST_KEY=true
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=build /app/src/cli/bin.mjs /app/src/cli/bin.mjs
RUN mkdir /data && chown node:node /data
# Your project, with assay.config.ts if it has tasks or evaluators of its own, is mounted here.
WORKDIR /work
USER node
VOLUME ["/data"]
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4000/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/src/cli/bin.mjs"]
CMD ["serve", "--host", "0.0.0.0"]
