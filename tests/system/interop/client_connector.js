// exchange-sim as the package @binance/connector sees it. Arguments: node_modules, port.
'use strict'
const assert = require('assert')
const [modules, port] = process.argv.slice(2)
const { WebsocketStream } = require(modules + '/@binance/connector')
const { Console } = require('console')
const quiet = new Console(process.stderr)
quiet.info = quiet.debug = quiet.log = () => {}
const seen = {}
let answers = 0
let closes = 0

const client = new WebsocketStream({
  logger: quiet,
  wsURL: `wss://localhost:${port}`,
  combinedStreams: true,
  callbacks: {
    open: () => {
      client.kline('bnbusdt', '1m')
      client.diffBookDepth('ethusdt', '100ms')
      client.subscribe(['btcusdt@depth5@100ms', 'ethusdt@bookTicker'])
    },
    message: (text) => {
      const message = JSON.parse(text)
      if (message.stream) seen[message.stream] = (seen[message.stream] || 0) + 1
      else answers++
    },
    close: () => closes++
  }
})

const wanted = ['btcusdt@trade', 'btcusdt@aggTrade', 'ethusdt@bookTicker', 'bnbusdt@kline_1m',
  'ethusdt@depth@100ms', 'btcusdt@depth5@100ms']
// Connects with the first name in the address; the others follow as requests.
client.subscribe(['btcusdt@trade', 'btcusdt@aggTrade'])
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

;(async () => {
  for (let i = 0; i < 300 && !wanted.every((name) => seen[name] > 3); i++) await wait(50)
  for (const name of wanted) assert(seen[name] > 3, `${name}: ${seen[name]} messages`)
  client.unsubscribe('btcusdt@trade')
  await wait(1500)
  const before = seen['btcusdt@trade']
  await wait(500)
  assert.strictEqual(seen['btcusdt@trade'], before)
  const socket = client.wsConnection.ws
  client.disconnect()
  for (let i = 0; i < 100 && socket.readyState !== socket.CLOSED; i++) await wait(50)
  assert.strictEqual(socket.readyState, socket.CLOSED)
  assert.strictEqual(closes, 0) // told only of ends that it did not begin
  console.log(`@binance/connector: ${JSON.stringify(seen)}, ${answers} answers`)
  process.exit(0)
})().catch((error) => { console.error(error); process.exit(1) })
