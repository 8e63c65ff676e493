// Asks half_plus_two for 0.5 x + 2 with binary tensors: node infer.mjs [URL]
const url = process.argv[2] ?? "http://127.0.0.1:8501";

const x = new Float32Array([1, 2, 5]); // little-endian, as all machines that Node.js runs on
const head = new TextEncoder().encode(JSON.stringify({
  inputs: [{ name: "x", shape: [x.length], datatype: "FP32", parameters: { binary_data_size: x.byteLength } }],
  parameters: { binary_data_output: true },
}));
const body = new Uint8Array(head.length + x.byteLength);
body.set(head);
body.set(new Uint8Array(x.buffer), head.length);

const response = await fetch(`${url}/v2/models/half_plus_two/infer`, {
  method: "POST",
  headers: { "Inference-Header-Content-Length": String(head.length), "Content-Type": "application/octet-stream" },
  body,
});
if (!response.ok) {
  console.error(response.status, (await response.json()).error);
  process.exit(1);
}

const bytes = await response.arrayBuffer();
const length = Number(response.headers.get("Inference-Header-Content-Length"));
const result = JSON.parse(new TextDecoder().decode(bytes.slice(0, length)));
let offset = length;
for (const output of result.outputs) {
  const end = offset + output.parameters.binary_data_size;
  if (output.name === "y") console.log(...Array.from(new Float32Array(bytes.slice(offset, end)), (v) => v.toFixed(1)));
  offset = end;
}
