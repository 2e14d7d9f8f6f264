// The npm package ws with JSON.parse. Arguments: port, streams as a JSON list.
'use strict'
const WebSocket = require(process.argv[4] + '/ws')
const tally = require('./client_tally.js')
const ws = new WebSocket(`wss://127.0.0.1:${process.argv[2]}/stream`, { perMessageDeflate: false })

ws.on('open', () => ws.send(
  JSON.stringify({ method: 'SUBSCRIBE', params: JSON.parse(process.argv[3]), id: 1 })))
ws.on('message', (text) => tally.add(JSON.parse(text)))
ws.on('error', (error) => { console.error(error.message); process.exit(1) })
ws.on('close', () => { tally.print(); process.exit(0) })
