// Signs an order with a third-party library and prints the JSON that POST /v1/orders takes.
//
//   node sign_order.js KEY_FILE DOMAIN '{"account": 2, "market": 0, "side": 0, ...}'
//
// KEY_FILE: the trading key, 32 bytes in hexadecimal. DOMAIN: what GET /v1/status says (work it out from chain, contract
// and version if you do not trust the node). The order: the fields of OrderBody in the node's /v1/openapi.json.
"use strict";

const { readFileSync } = require("node:fs");
const { signMessage } = require("@zk-kit/eddsa-poseidon/blake-2b");
const { poseidon4 } = require("poseidon-lite/poseidon4");

// docs/architecture.md, Signed messages: [field, bits], least significant first
const WORDS = [
  [["kind", 4], ["account", 21], ["market", 4], ["side", 1], ["flags", 5], ["slot", 9], ["nonce", 32], ["epoch", 32],
    ["expiry_s", 40]],
  [["size_lots", 48], ["limit_ticks", 48]],
  [["tip_e6", 16], ["max_fee_e6", 48]],
];

function pack(fields, values) {
  let word = 0n;
  let shift = 0n;
  for (const [name, bits] of fields) {
    const value = BigInt(values[name] ?? 0);
    if (value < 0n || value >> BigInt(bits)) throw new RangeError(`${name} ${value} does not fit ${bits} bits`);
    word |= value << shift;
    shift += BigInt(bits);
  }
  return word;
}

function signOrder(key, domain, order) {
  const words = WORDS.map((fields) => pack(fields, { kind: 1, ...order }));
  const signed = signMessage(key, poseidon4([domain, ...words]));
  return { order, signature: { r8: signed.R8.map(String), s: String(signed.S) } };
}

function main([keyFile, domain, order]) {
  const key = Buffer.from(readFileSync(keyFile, "ascii").trim(), "hex");
  if (key.length !== 32) throw new RangeError("the key file does not hold 32 bytes in hexadecimal");
  console.log(JSON.stringify(signOrder(key, BigInt(domain), JSON.parse(order))));
}

if (require.main === module) main(process.argv.slice(2));
module.exports = { signOrder };
