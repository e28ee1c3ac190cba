// The portable record features of a sign-up, from its JSON row, by docs/bundle.md and docs/rules.md.
import { Refused } from "./bundle.mjs";
import { agent, form, ip, locale, referrer, verification } from "./signup_client.mjs";
import { displayName, email, name, nameModel } from "./signup_names.mjs";

const MADE = {
  "signup.agent": agent,
  "signup.display_name": displayName,
  "signup.email": email,
  "signup.form": form,
  "signup.ip": ip,
  "signup.locale": locale,
  "signup.name": name,
  "signup.name_model": nameModel,
  "signup.referrer": referrer,
  "signup.verification": verification,
};
const TEXTS = [
  "user_name", "display_name", "email", "ip", "country", "user_agent", "device", "verification_method", "referrer",
  "language", "time_zone",
];
const NUMBERS = ["asn", "form_seconds", "verification_attempts"];
const TIMES = ["event_time", "ingested_at", "decided_at"];
const NOT_READ = ["event_id", "source", "origin", "position", "attributes"];
const KNOWN = new Set([...TEXTS, ...NUMBERS, ...TIMES, ...NOT_READ]);

function readTime(text, field) {
  const time = /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw new Refused(`${field} is no time with an offset`);
  return time;
}

/** A row with every field: texts, numbers or null, times in ms or null. */
export function readRow(json) {
  const unknown = Object.keys(json).filter((name) => !KNOWN.has(name));
  if (unknown.length) throw new Refused(`${unknown[0]} is no field of a sign-up`);
  const row = {};
  for (const field of TEXTS) row[field] = (json[field] ?? "").replace(/\p{Surrogate}/gu, "?");
  for (const field of NUMBERS) row[field] = json[field] ?? null;
  for (const field of TIMES) row[field] = json[field] == null ? null : readTime(json[field], field);
  return row;
}

/** What computes every portable record feature of a bundle from a row: a function to numbers by column. */
export function recordFeatures(bundle) {
  const portable = bundle.features.extractors.filter((entry) => entry.features.some((one) => one.portable === "yes"));
  const readers = portable.map((entry) => ({
    entry,
    compute: MADE[entry.name]((list) => bundle.list(list), entry.parameters),
  }));
  return (row) => {
    const found = {};
    for (const { entry, compute } of readers) {
      const values = compute(row);
      for (const { column, portable: how } of entry.features) {
        if (how === "yes") found[column] = Math.fround(values[column.slice(entry.name.length + 1)] ?? NaN);
      }
    }
    return found;
  };
}
