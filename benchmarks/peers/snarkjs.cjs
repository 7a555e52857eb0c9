// snarkjs (npm, run as a peer only) in benchmarks/prover: a proof for each line of standard input (protocol: peer.py).
// usage: node snarkjs.cjs CASE OUT; CASE holds witness.wtns, OUT circuit.zkey and verification_key.json
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { groth16 } = require("snarkjs");

(async () => {
  const [folder, out] = process.argv.slice(2);
  const key = JSON.parse(fs.readFileSync(path.join(out, "verification_key.json")));
  const [zkey, witness] = [path.join(out, "circuit.zkey"), path.join(folder, "witness.wtns")];
  const say = (facts) => console.log(JSON.stringify(facts));
  say({ ready: true });
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    const started = process.hrtime.bigint();
    const { proof, publicSignals } = await groth16.prove(zkey, witness);
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    say({ seconds, verified: await groth16.verify(key, publicSignals, proof) });
  }
  process.exit(0);
})();
