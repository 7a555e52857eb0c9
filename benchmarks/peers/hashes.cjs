// circomlibjs (npm, run as a peer only): microseconds a call for Poseidon and EdDSA-Poseidon, JSON on standard output.
const { buildPoseidon, buildEddsa } = require("circomlibjs");

function microseconds(calls, work) {
  work(0);
  const started = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) work(i);
  return Number(process.hrtime.bigint() - started) / 1e3 / calls;
}

(async () => {
  const poseidon = await buildPoseidon();
  const eddsa = await buildEddsa();
  const key = Buffer.alloc(32, 1);
  const message = eddsa.babyJub.F.e(1234);
  const publicKey = eddsa.prv2pub(key);
  const signature = eddsa.signPoseidon(key, message);
  const row = (n, i) => Array.from({ length: n }, (_, k) => BigInt(i + k + 1));
  const figures = {
    poseidon2: microseconds(2000, (i) => poseidon(row(2, i))),
    poseidon8: microseconds(500, (i) => poseidon(row(8, i))),
    poseidon16: microseconds(200, (i) => poseidon(row(16, i))),
    eddsa_sign: microseconds(50, () => eddsa.signPoseidon(key, message)),
    eddsa_verify: microseconds(50, () => eddsa.verifyPoseidon(message, signature, publicKey)),
  };
  console.log(JSON.stringify(figures));
  process.exit(0);
})();
