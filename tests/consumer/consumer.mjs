// node consumer.mjs BUNDLE golden           replay every golden case and sequence; one JSON line each, exit 1 when one differs
// node consumer.mjs BUNDLE score < lines    score JSON lines: {"content": {view: base64}, "dense": [...]}
// node consumer.mjs BUNDLE mail < lines     score raw mail with a portable bundle: {"raw": base64}
// node consumer.mjs BUNDLE signup < lines   score sign-ups: {"event": row, "history": {name: number}, "dense": of the runtime}
// node consumer.mjs BUNDLE history < lines  call counters: {"observe"|"label"|"values": event, "at": ms, ...} as in golden sequences;
//                                           {"definition": other} begins anew, with another history.json; one line a question
// node consumer.mjs BUNDLE keys < lines     the keys by which sign-ups are counted, of rows: {"event": row}
// node consumer.mjs BUNDLE buckets < lines  buckets of content: {"content": {view: base64}, "sizes": {view: [n]}, "bits": b, "seed": s}
// node consumer.mjs BUNDLE rollout < lines  whether events take part: {"key": text, "share": 0..1}
// node consumer.mjs BUNDLE signed KEY       exit 1 when the key (PEM) did not sign the bundle
// node consumer.mjs BUNDLE dense IN OUT     score rows of little-endian float32, one after the other in IN; each row of OUT is
//                                           logit, probability, and 1 or 0 for each policy of the manifest, in its order
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { Bundle, Refused, demandSigned, number, takesPart, written } from "./bundle.mjs";
import { bucketsOf } from "./content.mjs";
import { Counters, wrongAnswers } from "./history.mjs";
import { keysOf } from "./keys.mjs";
import { octets, rawView } from "./mail.mjs";
import { readRow, recordFeatures } from "./signup.mjs";

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const bytes = (text) => Buffer.from(text, "base64");
const contentOf = (views) => Object.fromEntries(Object.entries(views).map(([view, text]) => [view, bytes(text)]));
const LOGIT_TOLERANCE = 1e-4, DENSE_TOLERANCE = 1e-6, BATCH = 4096;

/** What a portable mail bundle is fed, from the raw message alone. */
function readMail(bundle, raw) {
  const view = rawView(raw, bundle.list("ignored_fields"));
  const known = octets(raw, view);
  return { content: { raw: view }, dense: bundle.columns.map((column) => known[column] ?? NaN) };
}

/** What a bundle of sign-ups is fed: portable features are computed, histories and what only our runtime knows are given. */
function readSignup(bundle) {
  const compute = recordFeatures(bundle);
  return ({ event, history = {}, dense = [] }) => {
    const known = compute(readRow(event));
    const record = bundle.record.map(({ column }, place) => (column in known ? known[column] : number(dense[place] ?? null)));
    const past = bundle.columns.slice(record.length).map((name) => number(history[name] ?? null));
    return { content: {}, dense: [...record, ...past], computed: Object.keys(known).length };
  };
}

const near = (found, wanted) => Object.is(found, wanted) || found === wanted || Math.abs(found - wanted) <= DENSE_TOLERANCE * Math.abs(wanted);

async function golden(bundle) {
  const read = bundle.manifest.kind === "signup" ? readSignup(bundle) : null;
  let failed = 0;
  for (const wanted of bundle.golden) {
    const content = contentOf(wanted.content);
    const dense = wanted.dense.map(number);
    const made = read?.({ ...wanted, event: JSON.parse(bytes(wanted.raw)) });
    const found = await bundle.score(content, made?.dense ?? dense);
    const said = bundle.columns.filter((_, place) => made && !near(made.dense[place], dense[place]));
    if (!(Math.abs(found.logit - wanted.logit) <= LOGIT_TOLERANCE)) said.push("logit");
    if (!(Math.abs(found.probability - wanted.probability) <= LOGIT_TOLERANCE)) said.push("probability");
    for (const [policy, decision] of Object.entries(wanted.decisions)) {
      if (found.decisions[policy] !== decision) said.push(`decision of ${policy}`);
    }
    failed += said.length > 0;
    say({ name: wanted.name, ...found, computed: made?.computed ?? 0, differs: said });
  }
  const history = bundle.json("history.json");
  for (const sequence of history.golden ?? []) {
    const differs = wrongAnswers(history, sequence);
    failed += differs.length > 0;
    say({ name: sequence.name, differs });
  }
  return failed ? 1 : 0;
}

async function history(bundle) {
  let counters = new Counters(bundle.json("history.json"));
  for await (const line of createInterface({ input: process.stdin })) {
    const call = JSON.parse(line);
    if ("definition" in call) counters = new Counters(call.definition);
    else if ("observe" in call) counters.observe(call.observe, call.at);
    else if ("label" in call) counters.label(call.label, call.statements, call.at);
    else say(Object.fromEntries(Object.entries(counters.values(call.values, call.at, call.observed_at)).map(([name, value]) => [name, written(value)])));
  }
  return 0;
}

async function score(bundle, read) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { content, dense } = read(JSON.parse(line));
    const plain = Object.fromEntries(Object.entries(content).map(([view, data]) => [view, data.toString("base64")]));
    const missing = dense.map(written);
    say({ ...(await bundle.score(content, dense)), content: plain, dense: missing });
  }
  return 0;
}

async function answer(of) {
  for await (const line of createInterface({ input: process.stdin })) say(of(JSON.parse(line)));
  return 0;
}

async function dense(bundle, source, target) {
  const [input, output] = [openSync(source, "r"), openSync(target, "w")];
  const width = bundle.columns.length;
  for (;;) {
    const rows = new Float32Array(BATCH * width);
    const size = readSync(input, rows); // a typed array holds the byte order of the machine, which Node runs on little-endian ones
    if (!size) break;
    const scores = await bundle.scoreRows(rows.subarray(0, size / 4));
    const lines = scores.flatMap(({ logit, probability, decisions }) => [logit, probability, ...Object.values(decisions).map(Number)]);
    writeSync(output, Float32Array.from(lines));
  }
  closeSync(input);
  closeSync(output);
  return 0;
}

async function main([folder, what, ...files]) {
  const bundle = await Bundle.load(folder);
  if (what === "golden") return golden(bundle);
  if (what === "score") {
    return score(bundle, (event) => ({ content: contentOf(event.content), dense: event.dense.map(number) }));
  }
  if (what === "mail") return score(bundle, (event) => readMail(bundle, bytes(event.raw)));
  if (what === "dense" && files.length === 2) return dense(bundle, ...files);
  if (what === "signed" && files.length === 1) {
    demandSigned(folder, readFileSync(files[0]));
    return 0;
  }
  if (what === "rollout") return answer(({ key, share }) => takesPart(bundle.manifest.id, key, share));
  if (what === "keys") return answer(({ event }) => keysOf(readRow(event)));
  if (what === "buckets") return answer(({ content, ...hashing }) => bucketsOf(contentOf(content), hashing));
  if (what === "history") return history(bundle);
  if (what === "signup") return score(bundle, readSignup(bundle));
  throw new Refused("expected: node consumer.mjs BUNDLE golden|score|mail|signup|history|keys|buckets|rollout, signed KEY, or dense IN OUT");
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code; // process.exit would cut what is still on its way to a pipe
  },
  (error) => {
    process.stderr.write(`${error instanceof Refused ? error.message : error.stack}\n`);
    process.exitCode = error instanceof Refused ? 1 : 2;
  },
);
