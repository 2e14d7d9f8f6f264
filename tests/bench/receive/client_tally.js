// Counts messages and notes the age of those that carry their time of sending.
'use strict'
const WARM_NS = 300e6
const ROUND = 100000000000
const ages = []
let messages = 0
let first = 0

function price (data) {
  return data.p || (Array.isArray(data.b) ? data.b[0][0] : data.b)
}

function add (message) {
  messages++
  if (message.data === undefined || process.argv[5] !== 'stamped') return
  const now = Number(process.hrtime.bigint())
  if (first === 0) first = now
  if (now - first < WARM_NS) return
  const units = Number(price(message.data).replace('.', ''))
  ages.push(((now - (units - ROUND)) % ROUND + ROUND) % ROUND)
}

function print () {
  ages.sort((a, b) => a - b)
  const at = (share) => ages.length === 0 ? 0 : ages[Math.floor(ages.length * share)]
  console.log(`messages ${messages} p50 ${at(0.5)} p99 ${at(0.99)}`)
}

module.exports = { add, print }
