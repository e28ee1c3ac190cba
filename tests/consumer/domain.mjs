// Hosts and domains against lists, and the addresses of clients, by docs/rules.md.
import { domainToUnicode } from "node:url";

/** Whether a domain, or one above it, is in a set. */
export function within(domain, set) {
  for (let rest = domain; rest; rest = rest.includes(".") ? rest.slice(rest.indexOf(".") + 1) : "") {
    if (set.has(rest)) return true;
  }
  return false;
}

function four(text) {
  const parts = text.split(".");
  const fits = parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
  return fits ? parts.map(Number) : null;
}

function groups(text) {
  if (text === "") return [];
  const found = [];
  const parts = text.split(":");
  for (const [place, part] of parts.entries()) {
    if (place === parts.length - 1 && part.includes(".")) {
      const numbers = four(part);
      if (!numbers) return null;
      found.push(numbers[0] * 256 + numbers[1], numbers[2] * 256 + numbers[3]);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) found.push(parseInt(part, 16));
    else return null;
  }
  return found;
}

function six(text) {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, end] = halves.map(groups);
  if (!head || end === null) return null;
  if (end === undefined) return head.length === 8 ? head : null;
  if (halves[0].includes(".")) return null; // the decimal form stands at the end alone
  const zeros = 8 - head.length - end.length;
  return zeros >= 1 ? [...head, ...Array(zeros).fill(0), ...end] : null;
}

/** An address as its version and its 16-bit groups, most significant first; null where it is none. */
export function address(text) {
  const numbers = four(text);
  if (numbers) return { version: 4, groups: [numbers[0] * 256 + numbers[1], numbers[2] * 256 + numbers[3]] };
  const found = six(text);
  if (!found) return null;
  const mapped = found.slice(0, 5).every((group) => group === 0) && found[5] === 0xffff;
  return mapped ? { version: 4, groups: found.slice(6) } : { version: 6, groups: found };
}

/** Whether a network, such as 10.0.0.0/8, holds an address. */
export function holds(network, { version, groups: of }) {
  const [text, length] = network.split("/");
  const found = address(text);
  if (found.version !== version) return false;
  const bits = (all) => all.map((group) => group.toString(2).padStart(16, "0")).join("").slice(0, Number(length));
  return bits(found.groups) === bits(of);
}

/** What says whether a domain ends with a public suffix by a rule that the list states (publicsuffix.org). */
export function publicSuffixes(lines) {
  const rules = new Set(lines.map((line) => line.split(/\s/)[0].replace(/^!/, "")));
  return (domain) => {
    const labels = domain.toLowerCase().split(".").map((label) => (label.startsWith("xn--") ? domainToUnicode(label) : label));
    const from = (place) => labels.slice(place).join(".");
    return labels.some((_, place) => rules.has(from(place)) || (place + 1 < labels.length && rules.has(`*.${from(place + 1)}`)));
  };
}

/** Whether the host of a URL is an address, in any of the forms that browsers take. */
export function isAddress(host) {
  const number = "(0x[0-9a-f]{1,16}|[0-9]{1,20})";
  return host.startsWith("[") || host.includes(":") || new RegExp(`^${number}(\\.${number}){0,3}$`).test(host);
}
