// Draws the tables of the receive benchmark: one SVG per mode and frames per record.
// Arguments: receive.json, folder for receive-MODE-FRAMES.svg.
'use strict'
const fs = require('fs')
const path = require('path')

const [source, folder] = process.argv.slice(2)
const ROW = 26
const TOP = 62
const NAMES = 190
const PANEL = 210
const GAP = 90
const OURS = '#1f6f8b'
const OTHERS = '#a9b4bb'

const TITLES = {
  full: 'As fast as the client takes them',
  'full-254': 'As fast as the client takes them, 254 bytes each',
  '1k': '1,000 messages/s',
  '10k': '10,000 messages/s',
  '50k': '50,000 messages/s',
  '100k': '100,000 messages/s'
}
const FULL = [
  { key: 'msgs_per_s', title: 'messages/s (more is better)' },
  { key: 'cpu_ns_per_msg', title: 'CPU ns per message (less is better)' },
  { key: 'rss_mib', title: 'resident, MiB (less is better)' }
]
const PACED = [
  { key: 'p50_us', title: 'median latency, us (less is better)' },
  { key: 'p99_us', title: '99th percentile, us (less is better)' },
  { key: 'cpu_ns_per_msg', title: 'CPU ns per message (less is better)' }
]

function escape (text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
}

function text (x, y, words, more = '') {
  return `<text x="${x}" y="${y}"${more}>${escape(words)}</text>`
}

function figure (value) {
  const digits = value >= 100 ? 0 : 1
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function panel (rows, metric, left) {
  const most = Math.max(...rows.map((row) => row[metric.key] || 0))
  const parts = [text(left, TOP - 14, metric.title, ' font-weight="bold"')]

  rows.forEach((row, i) => {
    const y = TOP + i * ROW
    const value = row[metric.key]
    const width = value > 0 ? Math.max(1, Math.round(value / most * PANEL)) : 0
    const color = row.client.startsWith('feedd') ? OURS : OTHERS

    parts.push(`<rect x="${left}" y="${y}" width="${width}" height="${ROW - 8}" fill="${color}"/>`)
    parts.push(text(left + width + 6, y + 13, value > 0 ? figure(value) : 'not measured'))
  })
  return parts
}

function chart (rows) {
  const { mode, frames_per_record: frames } = rows[0]
  const metrics = mode.startsWith('full') ? FULL : PACED
  const width = NAMES + metrics.length * (PANEL + GAP)
  const height = TOP + rows.length * ROW + 10
  const title = `${TITLES[mode] || mode}, ${frames} frame${frames === 1 ? '' : 's'} per TLS record`
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      'font-family="sans-serif" font-size="13" role="img">',
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(10, 22, title, ' font-size="16" font-weight="bold"')
  ]

  rows.forEach((row, i) => parts.push(text(10, TOP + i * ROW + 13, row.client)))
  metrics.forEach((metric, i) => parts.push(...panel(rows, metric, NAMES + i * (PANEL + GAP))))
  return parts.join('\n') + '\n</svg>\n'
}

const tables = new Map()
for (const row of JSON.parse(fs.readFileSync(source))) {
  const name = `receive-${row.mode}-${row.frames_per_record}.svg`
  tables.set(name, [...(tables.get(name) || []), row])
}
fs.mkdirSync(folder, { recursive: true })
for (const [name, rows] of tables) fs.writeFileSync(path.join(folder, name), chart(rows))
console.log(`${tables.size} charts in ${folder}`)
