// What a whole run has started for all of its files, as environment variables tell each file's process. A file that runs alone starts its own.

const { TEST_POSTGRES_URL, TEST_POSTGRES_CLUSTER, TEST_REDIS_PORT, TEST_BROWSER } = process.env

export const RUN = {
  /** URL of the run's PostgreSQL, as its superuser. */
  postgresUrl: TEST_POSTGRES_URL,
  /** A data directory with the template databases in it, of a server that was stopped: to be copied. */
  postgresCluster: TEST_POSTGRES_CLUSTER,
  /** Port of the Redis of this worker, which runs one file at a time. */
  redisPort: TEST_REDIS_PORT === undefined ? undefined : Number(TEST_REDIS_PORT),
  /** Address at which the run's browser takes connections. */
  browser: TEST_BROWSER,
}
