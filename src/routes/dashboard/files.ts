// The files that the page is made of: few and small, so they are read once and kept.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

export interface PageFile {
  url: string
  type: string
  etag: string
  body: Buffer
}

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}
const OURS = [
  ...['app.js', 'bands.js', 'charts.js', 'clear-box.js', 'connection.js', 'elements.js', 'format.js'],
  ...['outages.js', 'overview.js', 'page.css', 'icon.svg', 'tables.js'],
]
const THEIRS = { 'uplot.js': 'uplot/dist/uPlot.iife.min.js', 'uplot.css': 'uplot/dist/uPlot.min.css' }

export async function readPageFiles(): Promise<PageFile[]> {
  const require = createRequire(import.meta.url)
  const ours = (name: string) => fileURLToPath(new URL(`page/${name}`, import.meta.url))
  return Promise.all([
    readPageFile('/dashboard', ours('index.html')),
    ...OURS.map((name) => readPageFile(`/dashboard/${name}`, ours(name))),
    ...Object.entries(THEIRS).map(([name, path]) =>
      readPageFile(`/dashboard/${name}`, require.resolve(path)),
    ),
  ])
}

async function readPageFile(url: string, path: string): Promise<PageFile> {
  const body = await readFile(path)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const extension = path.slice(path.lastIndexOf('.') + 1)
  return { url, type: TYPES[extension] ?? 'application/octet-stream', etag, body }
}
