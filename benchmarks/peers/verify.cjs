// snarkjs (npm, run as a peer only): milliseconds a Groth16 verification, JSON on standard output.
// usage: node verify.cjs FOLDER, which holds verification_key.json, public.json, proof.json
const fs = require("fs");
const path = require("path");
const { groth16 } = require("snarkjs");

(async () => {
  const read = (name) => JSON.parse(fs.readFileSync(path.join(process.argv[2], name)));
  const [key, inputs, proof] = ["verification_key.json", "public.json", "proof.json"].map(read);
  const verify = async () => {
    if (!(await groth16.verify(key, inputs, proof))) throw new Error("snarkjs refuses the proof");
  };
  await verify();
  const started = process.hrtime.bigint();
  for (let i = 0; i < 5; i++) await verify();
  console.log(JSON.stringify(Number(process.hrtime.bigint() - started) / 1e6 / 5));
  process.exit(0);
})();
