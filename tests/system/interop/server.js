// An exchange by the npm package ws: what the protocol allows and exchange-sim never does.
// Arguments: node_modules, key, certificate, file for the port, file for the result.
'use strict'
const fs = require('fs')
const https = require('https')
const [modules, key, certificate, portFile, resultFile] = process.argv.slice(2)
const { WebSocketServer } = require(modules + '/ws')
const server = https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(certificate) })
// It compresses if the client offers to take that.
const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } })
const result = { lines: [], pongs: 0, wrong_pongs: 0, trades: 0, extensions: [], requests: 0 }
let trades = 0

function trade () {
  trades++
  return JSON.stringify({
    stream: 'btcusdt@trade',
    data: {
      e: 'trade', E: 1700000000123, s: 'BTCUSDT', t: trades, p: '12.34', q: '0.5',
      T: 1700000000120, m: true, M: true, pad: 'x'.repeat(trades % 300)
    }
  })
}

// One message in `parts` frames, with PINGs between them.
function sendFragments (line, text, parts) {
  const size = Math.ceil(text.length / parts)
  for (let i = 0; i < parts; i++) {
    line.send(text.slice(i * size, (i + 1) * size), { fin: i === parts - 1 })
    if (i < parts - 1) ping(line)
  }
}

function ping (line) {
  const payload = 'ping ' + line.pinged++
  line.awaited.push(payload)
  line.ping(payload)
}

const programme = [
  // Whole frames of all lengths of header, many in one write.
  (line) => {
    for (let i = 0; i < 500; i++) line.send(trade())
    line.send(JSON.stringify({ stream: 'other', data: { e: 'other', pad: 'y'.repeat(100000) } }))
    for (let i = 0; i < 10; i++) line.send(trade())
    line.close(1001, 'going away')
  },
  // Fragments, also empty ones, with PINGs in between.
  (line) => {
    for (let parts = 1; parts < 40; parts++) sendFragments(line, trade(), parts)
    line.send('', { fin: false })
    sendFragments(line, trade(), 3)
    setTimeout(() => line.close(4000, 'of our own'), 300)
  },
  // Binary messages, PINGs without and with the longest payload, no close code.
  (line) => {
    for (let i = 0; i < 7; i++) line.send(Buffer.from([1, 2, 3, i]))
    line.awaited.push('', 'z'.repeat(125))
    line.ping('')
    line.ping('z'.repeat(125))
    for (let i = 0; i < 20; i++) line.send(trade())
    setTimeout(() => line.close(), 300)
  },
  // An end without a close frame.
  (line) => {
    line.send(trade(), () => line.terminate())
  },
  // The client says good-bye to this one.
  (line) => {
    for (let i = 0; i < 50; i++) line.send(trade())
    result.trades = trades
    save()
  }
]

function save () {
  fs.writeFileSync(resultFile + '.new', JSON.stringify(result))
  fs.renameSync(resultFile + '.new', resultFile)
}

sockets.on('connection', (line, request) => {
  const number = result.lines.length
  const seen = { close: null }
  result.lines.push(seen)
  result.extensions.push(line.extensions + (request.headers['sec-websocket-extensions'] || ''))
  Object.assign(line, { awaited: [], pinged: 0 })
  line.on('pong', (payload) => {
    result.pongs++
    if (line.awaited.shift() !== payload.toString()) result.wrong_pongs++
  })
  line.on('message', (text) => {
    const { id, method } = JSON.parse(text)
    result.requests++
    line.send(JSON.stringify({ result: null, id }))
    if (method === 'SUBSCRIBE' && programme[number]) programme[number](line)
  })
  line.on('close', (code) => {
    seen.close = code
    if (number === programme.length - 1) {
      save()
      process.exit(0)
    }
  })
})

server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(portFile + '.new', String(server.address().port))
  fs.renameSync(portFile + '.new', portFile)
})
setTimeout(() => { save(); process.exit(1) }, 60000).unref()
