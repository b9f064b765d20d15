// Which folder may import what. The direction is routes → queries, cache, pagination → db; CI runs this as the architecture check.
const pure = (name, folder, extra = '') => ({
  name,
  comment: `${folder} knows nothing of Fastify, of the database or of the domain: what it needs is handed in`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: `^(src/(?!${folder}/${extra})|node_modules/(fastify|@fastify|drizzle-orm|postgres|pino)/)` },
})

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-to-dev-dependencies',
      severity: 'error',
      from: { path: '^src' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    pure('cache-is-pure', 'cache', '|time/'),
    pure('pagination-is-pure', 'pagination', '|time/'),
    pure('score-is-pure', 'score'),
    pure('lexicon-is-pure', 'analyses/lexicon'),
    pure('time-is-pure', 'time'),
    {
      name: 'through-the-front-door',
      comment: 'the engine and the pagination are used by their index',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cache|pagination)/' },
      to: { path: '^src/(cache|pagination)/', pathNot: '/index\\.ts$' },
    },
    {
      name: 'sql-in-queries-only',
      comment: 'SQL stands in src/db, src/loading, in the queries beside the routes, and in the sample check',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(db|loading)/|/queries\\.ts$|^src/sample\\.ts$' },
      to: { path: 'node_modules/(drizzle-orm|postgres)/' },
    },
    {
      name: 'nobody-imports-routes',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(routes/|app\\.ts)' },
      to: { path: '^src/routes/' },
    },
    {
      name: 'loading-is-no-cli',
      comment: 'the HTTP ingestion uses it as well',
      severity: 'error',
      from: { path: '^src/(loading|db|cache|pagination|score)/' },
      to: { path: '^src/(cli|plugins|routes|http)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
