// The keys by which the sign-ups of a bundle are counted, from the row, by docs/history.md.
import { address } from "./domain.mjs";
import { points } from "./text.mjs";

const LETTER = /^\p{L}$/u;
// Of the numeric types Decimal (category Nd) and Digit (Unicode, extracted/DerivedNumericType.txt).
const DIGIT = new RegExp(
  "^[\\p{Nd}\\u{b2}\\u{b3}\\u{b9}\\u{1369}-\\u{1371}\\u{19da}\\u{2070}\\u{2074}-\\u{2079}\\u{2080}-\\u{2089}\\u{2460}-\\u{2468}" +
    "\\u{2474}-\\u{247c}\\u{2488}-\\u{2490}\\u{24ea}\\u{24f5}-\\u{24fd}\\u{24ff}\\u{2776}-\\u{277e}\\u{2780}-\\u{2788}\\u{278a}-\\u{2792}" +
    "\\u{10a40}-\\u{10a43}\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}\\u{1f100}-\\u{1f10a}]$",
  "u",
);

/** A text without white space around it; JavaScript's own trim leaves some of it and takes U+FEFF. */
const bare = (text) => text.replace(/^(?:(?!\ufeff)[\s\x1c-\x1f\x85])+|(?:(?!\ufeff)[\s\x1c-\x1f\x85])+$/g, "");

function subnet(text) {
  const found = address(bare(text).replace(/^([^%]*:[^%]*)%[^%]+$/, "$1"));
  if (!found) return "";
  if (found.version === 4) return `${found.groups[0] >> 8}.${found.groups[0] & 255}.${found.groups[1] >> 8}.0/24`;
  const groups = found.groups.slice(0, 3);
  while (groups.at(-1) === 0) groups.pop();
  return `${groups.map((group) => group.toString(16)).join(":")}::/48`;
}

function pattern(name) {
  const shape = points(name, 256)
    .map((point) => String.fromCodePoint(point))
    .map((one) => (LETTER.test(one) ? "a" : DIGIT.test(one) ? "0" : one))
    .join("");
  return String.fromCodePoint(...points(shape.replace(/a+/g, "a").replace(/0+/g, "0"), 64));
}

const behindAt = (email) => (email.includes("@") ? bare(email.slice(email.lastIndexOf("@") + 1)).toLowerCase().replace(/\.+$/, "") : "");
const beforeAt = (email) => email.slice(0, Math.max(email.lastIndexOf("@"), 0));

/** Keys by word; empty and null are unknown. */
export function keysOf(row) {
  return {
    ip: row.ip,
    ip_subnet: subnet(row.ip),
    asn: row.asn,
    country: row.country,
    device: row.device,
    user_name: row.user_name.toLowerCase(),
    name_pattern: pattern(row.user_name || beforeAt(row.email)),
    email: row.email.toLowerCase(),
    email_domain: behindAt(row.email),
  };
}
