// exchange-sim as the npm package ws sees it. Arguments: node_modules, port.
'use strict'
const assert = require('assert')
const [modules, port] = process.argv.slice(2)
const WebSocket = require(modules + '/ws')
const url = `wss://localhost:${port}/stream`
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function open (address) {
  return new Promise((resolve, reject) => {
    const line = new WebSocket(address) // offers permessage-deflate, as it always does
    line.texts = []
    line.pings = 0
    line.on('message', (text, isBinary) => {
      assert(!isBinary)
      line.texts.push(JSON.parse(text))
    })
    line.on('ping', () => line.pings++)
    line.on('open', () => resolve(line))
    line.on('error', reject)
  })
}

async function until (what, condition) {
  for (let i = 0; i < 300; i++) {
    if (condition()) return
    await wait(50)
  }
  throw new Error(what + ' did not come')
}

const answer = (line, id) => line.texts.find((t) => t.id === id)
const closed = (line) => new Promise((resolve) => line.on('close', (code) => resolve(code)))

async function requests () {
  const line = await open(url)
  line.send(JSON.stringify({ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id: 1 }))
  await until('the answer', () => answer(line, 1))
  await until('trades', () => line.texts.filter((t) => t.stream === 'btcusdt@trade').length > 20)
  // In fragments, with a PING of ours between them.
  const text = JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', id: 2 })
  line.send(text.slice(0, 10), { fin: false })
  line.ping('between')
  line.send(text.slice(10), { fin: true })
  await until('the list', () => answer(line, 2))
  assert.deepStrictEqual(answer(line, 2).result, ['btcusdt@trade'])
  line.send(JSON.stringify({ method: 'UNSUBSCRIBE', params: ['btcusdt@trade'], id: 3 }))
  await until('the answer', () => answer(line, 3))
  const before = line.texts.length
  await wait(300)
  assert.strictEqual(line.texts.length, before)
  line.send('no JSON')
  await until('an error', () => line.texts.some((t) => t.error || t.code))
  const code = closed(line)
  line.close(1000)
  assert.strictEqual(await code, 1000)
  return before
}

async function combined () {
  const line = await open(url + '?streams=btcusdt@bookTicker/ethusdt@trade')
  let ponged = null
  line.on('pong', (payload) => { ponged = payload.toString() })
  line.ping('are you there')
  await until('a PONG', () => ponged !== null)
  assert.strictEqual(ponged, 'are you there')
  await until('the server\'s PINGs', () => line.pings > 1)
  await until('both streams', () => ['btcusdt@bookTicker', 'ethusdt@trade'].every(
    (name) => line.texts.some((t) => t.stream === name)))
  const ids = line.texts.filter((t) => t.stream === 'ethusdt@trade').map((t) => t.data.t)
  ids.forEach((id, i) => assert(i === 0 || id === ids[i - 1] + 1))
  line.terminate()
  return line.texts.length
}

(async () => {
  const first = await requests()
  console.log(`npm ws client: ${first} and ${await combined()} messages`)
  process.exit(0)
})().catch((error) => { console.error(error); process.exit(1) })
