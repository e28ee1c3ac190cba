// The counters of history features, by docs/history.md and history.json. Every row of the longest window is kept, which is
// plain and exact; the bounded state that the page describes gives the same numbers.
import { createHash } from "node:crypto";
import { Refused } from "./bundle.mjs";

const HOUR = 3_600_000, SWEEP = 10_000;

/** A key or value as text; null where it is unknown. */
function word(value) {
  if (value === undefined || value === null || value === "" || Number.isNaN(value)) return null;
  return String(value);
}

/** The known values of a key, each once: one, or of a list the first ones. */
function wordsOf(value, most) {
  const given = Array.isArray(value) ? value.slice(0, most) : [value];
  return [...new Set(given.map(word).filter((one) => one !== null))];
}

/** The keys of an event in some columns: none where one of them is unknown, several where one has several values. */
function keysOf(event, columns, most) {
  const join = (keys, column) => keys.flatMap((key) => wordsOf(event[column], most).map((one) => [...key, one]));
  return columns.reduce(join, [[]]).map((key) => JSON.stringify(key));
}

const start = ({ over_ms: over, bucket_ms: bucket }, moment) => (bucket ? Math.floor((moment - over) / bucket) * bucket : moment - over);

/** How many of some rising times are less than one. */
function before(rows, time) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].at < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function steps(value, step) {
  if (typeof value !== "number" || !Number.isFinite(value)) return 0;
  return Math.floor(Math.min(Math.max(value / step, -(2 ** 40)), 2 ** 40) + 0.5);
}

const cell = (text, cells) => createHash("sha256").update(text, "utf8").digest().readUInt32LE(0) % cells;
const distinct = (rows, of, most) => new Set(rows.flatMap(({ event }) => wordsOf(event[of], most)));

/** What a counter says of the rows in its window, in the order of their times. */
const OF_ROWS = {
  count: (rows) => rows.length,
  count_distinct: (rows, { of, cap }, _, most) => Math.min(distinct(rows, of, most).size, cap),
  approx_count_distinct: (rows, { of, cells }, _, most) => {
    const occupied = new Set([...distinct(rows, of, most)].map((value) => cell(value, cells))).size;
    return cells * Math.log(cells / Math.max(cells - occupied, 1));
  },
  sum: (rows, { of, step }) => rows.reduce((sum, { event }) => sum + steps(event[of], step), 0) * step,
  recency: (rows, _, moment) => (rows.length ? (moment - rows.at(-1).at) / 1000 : NaN),
  first_seen: (rows, _, moment) => (rows.length ? (moment - rows[0].at) / 1000 : NaN),
};

/** What a counter says of the labels in its window, as many of which say abuse. */
const OF_LABELS = {
  label_count: (abuse, labels, { label }) => ({ abuse, not_abuse: labels - abuse, any: labels })[label],
  rate: (abuse, labels, { prior, strength }) => (abuse + prior * strength) / (labels + strength),
};

const LEAST = ["recency", "first_seen"];

/** The number of an event that stands in several groups: of those that are known the least, or the greatest. */
function together(numbers, counts) {
  const known = numbers.filter((one) => !Number.isNaN(one));
  if (!known.length) return NaN;
  return LEAST.includes(counts) ? Math.min(...known) : Math.max(...known);
}

/** The statement about an event that holds, of those that are known. */
function holding(statements, { ranking }) {
  const taken = new Set(statements.map((said) => said.retracts).filter(Boolean));
  const left = statements.filter((said) => !said.retracts && !taken.has(said.label_id));
  const rank = ({ source }) => (ranking.includes(source) ? ranking.indexOf(source) : ranking.length);
  const bytes = (one, other) => Buffer.compare(Buffer.from(one, "utf8"), Buffer.from(other, "utf8"));
  const greater = (one, other) =>
    rank(other) - rank(one) || one.labelled_at - other.labelled_at || bytes(one.source, other.source) || bytes(one.label_id, other.label_id);
  return left.sort(greater).at(-1);
}

export class Counters {
  constructor(definition) {
    if (definition.counters.length && definition.format !== 1) throw new Refused(`history.json has format ${definition.format}`);
    for (const { name, word: counts } of definition.counters) {
      if (!(counts in OF_ROWS) && !(counts in OF_LABELS)) throw new Refused(`${name}: ${counts} is no word that is counted here`);
    }
    this.definition = definition;
    this.most = Math.max(1, ...Object.values(definition.several ?? {})); // values that are taken of a list
    this.clock = -Infinity;
    this.held = []; // what became known at the clock, which nobody sees at that millisecond
    this.states = new Map(); // by kind, columns and key: { rows, labels }
    this.longest = Math.max(0, ...definition.counters.map((counter) => counter.over_ms)) + HOUR;
    this.calls = 0;
  }

  /** A row becomes known. */
  observe(event, at) {
    this.#advance(at);
    const row = { at: this.clock, event };
    this.held.push(() => this.#each(event, (state) => state.rows.push(row)));
  }

  /** Something new is said of an event; statements: all that is said of it by now. */
  label(event, statements, at) {
    this.#advance(at);
    this.held.push(() => {
      for (const [task, rules] of Object.entries(this.definition.tasks)) {
        const said = holding(statements.filter((one) => one.task === task), rules);
        const abuse = said && rules.positive.includes(said.label);
        const known = abuse || (said && rules.negative.includes(said.label));
        this.#each(event, ({ labels }) => {
          const name = JSON.stringify([task, event.event_id]);
          if (known) labels.set(name, { task, event: event.event_id, abuse, at: said.known_at });
          else labels.delete(name);
        });
      }
    });
  }

  /** Every history of an event by name, NaN where it is unknown. */
  values(event, moment, observedAt = null) {
    this.#advance(moment);
    return Object.fromEntries(
      this.definition.counters.map((counter) => [counter.name, Math.fround(this.#value(counter, event, observedAt !== null))]),
    );
  }

  #value(counter, event, seen) {
    const each = keysOf(event, counter.by, this.most).map((key) => this.#ofKey(key, counter, event, seen));
    return together(each, counter.word);
  }

  #ofKey(key, counter, event, seen) {
    const { rows, labels } = this.states.get(this.#name(counter.kind, counter.by, key)) ?? { rows: [], labels: new Map() };
    const since = start(counter, this.clock);
    if (counter.word in OF_ROWS) {
      const there = rows.slice(before(rows, since)).filter((row) => !(seen && row.event.event_id === event.event_id));
      return OF_ROWS[counter.word](there, counter, this.clock, this.most);
    }
    const there = [...labels.values()].filter(
      (one) => one.task === counter.task && one.event !== event.event_id && one.at >= since && one.at < this.clock,
    );
    return OF_LABELS[counter.word](there.filter((one) => one.abuse).length, there.length, counter);
  }

  #advance(time) {
    if (!(time > this.clock)) return;
    this.clock = time;
    for (const apply of this.held.splice(0)) apply();
    this.calls += 1;
    if (this.calls % SWEEP === 0) this.#forget();
  }

  #name = (kind, by, key) => JSON.stringify([kind, by, key]);

  /** The states that an event belongs to. */
  #each(event, change) {
    const kind = event.kind ?? this.definition.kind;
    const columns = new Map(this.definition.counters.filter((one) => one.kind === kind).map(({ by }) => [JSON.stringify(by), by]));
    for (const by of columns.values()) {
      for (const key of keysOf(event, by, this.most)) {
        const name = this.#name(kind, by, key);
        if (!this.states.has(name)) this.states.set(name, { rows: [], labels: new Map() });
        change(this.states.get(name));
      }
    }
  }

  #forget() {
    for (const [name, { rows, labels }] of this.states) {
      rows.splice(0, before(rows, this.clock - this.longest));
      for (const [one, { at }] of labels) if (at < this.clock - this.longest) labels.delete(one);
      if (!rows.length && !labels.size) this.states.delete(name);
    }
  }
}

/** The answers to one golden sequence that differ from what it expects, as text. */
export function wrongAnswers(definition, { name, steps: calls }) {
  const counters = new Counters(definition);
  const said = [];
  for (const [place, call] of calls.entries()) {
    if ("observe" in call) counters.observe(call.observe, call.at);
    else if ("label" in call) counters.label(call.label, call.statements, call.at);
    else {
      const found = counters.values(call.values, call.at, call.observed_at);
      for (const [counter, wanted] of Object.entries(call.expected)) {
        const { word: counts } = definition.counters.find((one) => one.name === counter);
        const tolerance = counts === "approx_count_distinct" ? 1e-6 * Math.abs(wanted) : 0;
        const same = wanted === null ? Number.isNaN(found[counter]) : Math.abs(found[counter] - Math.fround(wanted)) <= tolerance;
        if (!same) said.push(`${name}, step ${place}: ${counter} is ${found[counter]}, expected ${wanted}`);
      }
    }
  }
  return said;
}
