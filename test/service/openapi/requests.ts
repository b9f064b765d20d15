// The requests whose answers are the examples of the OpenAPI document, by operation, in an order in which each does what it says.

export interface ExampleRequest {
  summary: string
  method?: 'GET' | 'DELETE' | 'POST' | 'PUT'
  target: string
  /** JSON, or text of the type. */
  body?: object | string
  type?: string
}

/** For one on the sample data that has just been started. */
export const REQUESTS: ExampleRequest[] = [
  { summary: 'The newest session', target: '/api/v1/volume?limit=1' },
  {
    summary: 'A range, oldest first, by offset and counted',
    target:
      '/api/v1/volume?symbol=%5EGSPC&from=2008-10-06&to=2008-10-31&order=asc&limit=1&offset=4&count=exact',
  },
  { summary: 'The last 7 sessions', target: '/api/v1/volume/latest?symbol=%5EGSPC&days=7' },
  { summary: 'The last 30 sessions', target: '/api/v1/volume/stats?symbol=%5EGSPC&days=30' },
  { summary: 'Of the S&P 500', target: '/api/v1/volume/trend?symbol=%5EGSPC' },
  { summary: 'The newest score', target: '/api/v1/score?limit=1' },
  {
    summary: 'A range, oldest first, by offset and counted',
    target:
      '/api/v1/score?symbol=%5EGSPC&from=2008-10-10&to=2008-10-31&order=asc&limit=1&offset=0&count=exact',
  },
  { summary: 'Of the S&P 500', target: '/api/v1/score/latest?symbol=%5EGSPC' },
  { summary: 'As it is', target: '/api/v1/score/methodology' },
  { summary: 'The newest article', target: '/api/v1/media/latest?limit=1' },
  {
    summary: 'Good news of one source in a range, oldest first, by offset and counted',
    target:
      '/api/v1/media/latest?source=harbor-wire&sentiment=positive&from=2020-03-01&to=2020-03-31&order=asc&limit=1&offset=0&count=exact',
  },
  { summary: 'One by its id', target: '/api/v1/media/3672' },
  { summary: 'All sources', target: '/api/v1/media/sources' },
  {
    summary: 'Of one month',
    target: '/api/v1/media/sentiment-stats?from=2020-03-01&to=2020-03-31',
  },
  { summary: 'As it is', target: '/api/v1/overview' },
  { summary: 'As it is', target: '/api/v1/content/vitrine' },
  { summary: 'The newest score', target: '/api/v1/index/latest' },
  {
    summary: 'Between two dates',
    target: '/api/v1/index/history?start_date=2008-10-09&end_date=2008-10-10',
  },
  { summary: 'The last 30 days', target: '/api/v1/index/history?range=30d' },
  { summary: 'Of the newest score', target: '/api/v1/components/latest' },
  { summary: 'Of the newest session', target: '/api/v1/simplified-v2/score' },
  { summary: 'Of the newest session', target: '/api/v1/simplified-v2/details' },
  { summary: 'As they are', target: '/api/v1/metadata/weights' },
  { summary: 'As they are', target: '/api/v1/metadata/components' },
  {
    summary: 'A headline, by the lexicon',
    method: 'POST',
    target: '/api/v1/analyses',
    body: { text: 'Stocks rally after the central bank cuts rates', language: 'en' },
  },
  {
    summary: 'The same by the hash of its text',
    target: '/api/v1/analyses/8345ed5cc078190c3c0a414b97e03646fe86f751404de46a9c74ec73ed98c7e5?language=en',
  },
  { summary: 'By analyser', target: '/api/v1/analyses/savings?by=analyser' },
  {
    summary: 'All that was found about a content',
    method: 'DELETE',
    target: '/api/v1/analyses/8345ed5cc078190c3c0a414b97e03646fe86f751404de46a9c74ec73ed98c7e5',
  },
  { summary: 'All that was found about a person', method: 'DELETE', target: '/api/v1/subjects/Jane%20Roe' },
  { summary: 'Up', target: '/api/v1/health/ping' },
  { summary: 'On the embedded defaults', target: '/api/v1/monitoring/health' },
  { summary: 'Up', target: '/livez' },
  { summary: 'Ready', target: '/readyz' },
  { summary: 'On the embedded defaults', target: '/cache/stats' },
  { summary: 'On the embedded defaults', target: '/api/v1/media/cache/stats' },
  { summary: 'On the embedded defaults', target: '/api/admin/cache/stats' },
  {
    summary: 'What memory has of the last 30 sessions',
    target: '/cache/entries?key=volume%3Astats%3Adays%3D30%26symbol%3D%5EGSPC',
  },
  {
    summary: 'How many volume answers there are',
    method: 'DELETE',
    target: '/cache/clear?pattern=volume%3A%2A&dry_run=true',
  },
  {
    summary: 'All volume answers, if they are no more than expected',
    method: 'DELETE',
    target: '/cache/clear?pattern=volume%3A%2A&max=100&reason=wrong%20volumes%20of%2017%20October',
  },
  {
    summary: 'Whatever is made of the articles of a source',
    method: 'DELETE',
    target: '/cache/clear?tag=source%3Aharbor-wire',
  },
  {
    summary: 'One key',
    method: 'DELETE',
    target: '/cache/clear?key=volume%3Alatest%3Adays%3D30%26symbol%3D%5EGSPC',
  },
  {
    summary: 'All answers about articles',
    method: 'DELETE',
    target: '/api/v1/media/cache/clear?pattern=media%3A%2A&max=100&dry_run=false&reason=articles%20reloaded',
  },
  {
    summary: 'One key',
    method: 'DELETE',
    target: '/api/v1/media/cache/clear?key=media%3Aarticle%3Aid%3D3672',
  },
  {
    summary: 'Whatever is made of articles',
    method: 'DELETE',
    target: '/api/v1/media/cache/clear?tag=dataset%3Amedia',
  },
  {
    summary: 'All scores',
    method: 'POST',
    target: '/api/admin/cache/clear',
    body: { pattern: 'score:*', max: 100, reason: 'a new method' },
  },
  {
    summary: 'Two sessions as CSV, tried',
    method: 'POST',
    target:
      '/api/v1/ingest/bars?symbol=SPY&name=SPDR%20S%26P%20500&kind=equity&currency=USD&exchange=ARCX&on_error=abort&dry_run=true',
    type: 'text/csv',
    body: 'date,open,high,low,close,volume\n2020-04-16,279.15,281.14,276.42,279.1,131798300\n2020-04-17,285.38,287.3,282.4,286.64,146684800\n',
  },
  {
    summary: 'A session as NDJSON, tried',
    method: 'POST',
    target: '/api/v1/ingest/bars?symbol=SPY&dry_run=true',
    type: 'application/x-ndjson',
    body: '{"date":"2020-04-17","open":285.38,"high":287.3,"low":282.4,"close":286.64,"volume":146684800}\n',
  },
  {
    summary: 'A session as JSON, and one that cannot be',
    method: 'POST',
    target: '/api/v1/ingest/bars?symbol=SPY&dry_run=true',
    body: [
      { date: '2020-04-17', open: 285.38, high: 287.3, low: 282.4, close: 286.64, volume: 146684800 },
      { date: '2020-04-18', open: 285.38, high: 282.4, low: 287.3, close: 286.64, volume: 0 },
    ],
  },
  {
    summary: 'An article as CSV, tried',
    method: 'POST',
    target: '/api/v1/ingest/articles?on_error=abort&dry_run=true',
    type: 'text/csv',
    body: 'source,title,url,published_at,sentiment_score\nharbor-wire,"Stocks, again",https://harbor-wire.example/again,2020-04-17T18:00:00Z,0.4\n',
  },
  {
    summary: 'An article twice as NDJSON, tried',
    method: 'POST',
    target: '/api/v1/ingest/articles?dry_run=true',
    type: 'application/x-ndjson',
    body: ['Stocks', 'Stocks, again']
      .map((title) =>
        JSON.stringify({
          source: 'harbor-wire',
          title,
          url: 'https://harbor-wire.example/again',
          published_at: '2020-04-17T18:00:00Z',
        }),
      )
      .join('\n'),
  },
  {
    summary: 'An article as JSON, and one that cannot be',
    method: 'POST',
    target: '/api/v1/ingest/articles?dry_run=true',
    body: [
      {
        source: 'harbor-wire',
        title: 'Stocks, again',
        url: 'https://harbor-wire.example/again',
        published_at: '2020-04-17T18:00:00Z',
        sentiment_score: 0.4,
      },
      {
        source: 'harbor-wire',
        title: 'Stocks',
        url: 'https://harbor-wire.example/stocks',
        published_at: '2020-04-31',
      },
    ],
  },
  {
    summary: 'A new source',
    method: 'PUT',
    target: '/api/v1/media/sources/tide-review',
    body: { name: 'The Tide Review', logo_url: 'https://tide-review.example/logo.svg' },
  },
  { summary: 'One without articles', method: 'DELETE', target: '/api/v1/media/sources/tide-review' },
  {
    summary: 'A new instrument',
    method: 'PUT',
    target: '/api/v1/instruments/TLT',
    body: { name: 'Treasury bonds, 20 years and more', kind: 'bond', currency: 'USD', exchange: 'XNAS' },
  },
  { summary: 'One without bars', method: 'DELETE', target: '/api/v1/instruments/TLT' },
  { summary: 'The newest one', target: '/cache/clears?soft=false&limit=1' },
  {
    summary: 'Those of one actor that are no data changes, oldest first, by offset and counted',
    target: '/cache/clears?actor=loopback&soft=false&order=asc&limit=1&offset=0&count=exact',
  },
  { summary: 'The first one', target: '/cache/clears/1' },
]
