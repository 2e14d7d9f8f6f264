// The package @binance/connector with JSON.parse. Arguments: as client_ws.js.
'use strict'
const { WebsocketStream } = require(process.argv[4] + '/@binance/connector')
const tally = require('./client_tally.js')
const { Console } = require('console')
const { Writable } = require('stream')
const quiet = new Console(new Writable({ write: (chunk, encoding, done) => done() }))
const client = new WebsocketStream({
  logger: quiet,
  wsURL: `wss://127.0.0.1:${process.argv[2]}`,
  combinedStreams: true,
  callbacks: {
    message: (text) => tally.add(JSON.parse(text)),
    close: () => { tally.print(); process.exit(0) },
    error: (error) => { console.error(error.message); process.exit(1) }
  }
})

client.subscribe(JSON.parse(process.argv[3]))
