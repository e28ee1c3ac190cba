// Reads a bundle by docs/bundle.md: checks every hash and the id, loads the graph, scores, decides.
import { createHash, createPublicKey, verify } from "node:crypto";
import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-node";

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

export class Refused extends Error {}

const demand = (fits, what) => {
  if (!fits) throw new Refused(what);
};

function parsed(text, name) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(`${name} is no JSON`);
  }
}

/** Every plain file below a folder, by its name relative to it. */
function filesOf(folder, prefix = "") {
  return readdirSync(join(folder, prefix)).flatMap((entry) => {
    const name = prefix ? `${prefix}/${entry}` : entry;
    const status = lstatSync(join(folder, name));
    demand(status.isFile() || status.isDirectory(), `${name} is neither a file nor a folder`);
    return status.isDirectory() ? filesOf(folder, name) : [name];
  });
}

/** Demand that a key (PEM) signed the manifest of a bundle. */
export function demandSigned(folder, pem) {
  const { algorithm, key, signature } = parsed(readFileSync(join(folder, "manifest.sig")), "manifest.sig");
  const trusted = createPublicKey(pem);
  const plain = Buffer.from(trusted.export({ format: "jwk" }).x, "base64url");
  demand(algorithm === "ed25519" && key === sha256(plain), "another key signed the bundle");
  const text = readFileSync(join(folder, "manifest.json"));
  demand(verify(null, text, trusted, Buffer.from(signature, "hex")), "the signature is not that of the manifest");
}

/** Whether an event takes part in a step of a roll-out. */
export const takesPart = (id, key, share) =>
  createHash("sha256").update(`${id}:${key}`, "utf8").digest().readBigUInt64BE(0) < BigInt(Math.floor(share * 2 ** 64));

export class Bundle {
  static async load(folder) {
    const text = readFileSync(join(folder, "manifest.json"));
    const manifest = parsed(text, "manifest.json");
    demand(manifest.format === 1, `format ${manifest.format} is not read here`);
    const withoutId = text.toString("utf8").replace(`  "id": "${manifest.id}",\n`, "");
    demand(sha256(withoutId) === manifest.id, "the manifest was changed");
    const besides = new Set(["manifest.json", "manifest.sig"]);
    const found = filesOf(folder).filter((name) => !besides.has(name));
    demand(
      JSON.stringify(found.sort()) === JSON.stringify(Object.keys(manifest.files).sort()),
      "the folder holds other files than the manifest lists",
    );
    const files = {};
    for (const [name, wanted] of Object.entries(manifest.files)) {
      files[name] = readFileSync(join(folder, name));
      demand(sha256(files[name]) === wanted, `${name} was changed`);
    }
    const features = JSON.parse(files["features.json"]);
    demand(features.digest === manifest.spec_digest, "the model was trained on another specification");
    const session = await ort.InferenceSession.create(files["model.onnx"], {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    return new Bundle(manifest, features, files, session);
  }

  constructor(manifest, features, files, session) {
    Object.assign(this, { manifest, features, files, session });
    this.record = features.extractors.flatMap((entry) => entry.features);
    this.columns = [...this.record.map((one) => one.column), ...(features.histories ?? []).map((one) => one.name)];
    this.views = session.inputNames.filter((name) => name.startsWith("content."));
  }

  json(name) {
    return JSON.parse(this.files[name]);
  }

  /** Entries of a list: one a line, trimmed; lines that begin with # or // are comments. */
  list(name) {
    const lines = this.files[`lists/${name}.txt`].toString("utf8").split(/\r\n|\n|\r/).map((line) => line.trim());
    return lines.filter((line) => line && !line.startsWith("#") && !line.startsWith("//"));
  }

  get golden() {
    return this.files["golden.jsonl"].toString("utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** content: bytes by view; dense: numbers in the order of the columns, NaN = missing. */
  async score(content, dense) {
    const feeds = {};
    for (const name of this.views) {
      const bytes = Uint8Array.from(content[name.slice("content.".length)]);
      feeds[name] = new ort.Tensor("uint8", bytes, [bytes.length]);
    }
    const [score] = await this.#run(feeds, Float32Array.from(dense));
    return score;
  }

  /** Scores of many rows of an event without content, one after the other in a Float32Array. */
  scoreRows(rows) {
    return this.#run({}, rows);
  }

  async #run(feeds, rows) {
    const dense = new ort.Tensor("float32", rows, [rows.length / this.columns.length, this.columns.length]);
    const { logit, probability } = await this.session.run({ ...feeds, dense }, ["logit", "probability"]);
    return Array.from(logit.data, (value, row) => ({
      logit: value,
      probability: probability.data[row],
      decisions: Object.fromEntries(this.manifest.policies.map((policy) => [policy.name, value >= policy.threshold])),
    }));
  }
}

/** A number as golden.jsonl writes it: null is missing, infinities are text. */
export const number = (value) =>
  value === null ? NaN : value === "inf" ? Infinity : value === "-inf" ? -Infinity : value;

/** The other way round. */
export const written = (value) => (Number.isNaN(value) ? null : Number.isFinite(value) ? value : value > 0 ? "inf" : "-inf");
