// The portable reading of a mail: the view `raw` and the features `mail.octets`, by docs/bundle.md.
const LF = 10, CR = 13, SP = 32, TAB = 9, COLON = 58;
const READ = 65536, LIMIT = 3000;

/** Bytes without the mbox line that they may begin with. */
export function withoutFromLine(raw) {
  if (raw.subarray(0, 5).toString("latin1") !== "From ") return raw;
  let place = 5;
  while (raw[place] === SP || raw[place] === TAB) place += 1;
  if (raw[place] === COLON) return raw;
  const end = raw.indexOf(LF);
  return end < 0 ? raw : raw.subarray(end + 1);
}

/** Whether all of a name matches a pattern, in which * stands for any bytes. */
function matches(name, pattern) {
  const [first, ...rest] = pattern.split("*");
  if (!name.startsWith(first)) return false;
  if (!rest.length) return name === first;
  let place = first.length;
  const last = rest.pop();
  for (const part of rest) {
    const found = name.indexOf(part, place);
    if (found < 0) return false;
    place = found + part.length;
  }
  return name.length - place >= last.length && name.endsWith(last);
}

const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Bytes of the view `raw`; text is Latin-1, so that one character is one byte. */
export function rawView(raw, ignored) {
  const text = withoutFromLine(raw).subarray(0, READ).toString("latin1").replaceAll("\r\n", "\n");
  let head = "", body = "";
  if (text.startsWith("\n")) body = text.slice(1);
  else {
    const end = text.indexOf("\n\n");
    head = end < 0 ? text : text.slice(0, end);
    body = end < 0 ? "" : text.slice(end + 2);
  }
  const kept = head.split(/\n(?![ \t])/).filter((field) => {
    const colon = field.indexOf(":");
    const name = lower(field.slice(0, Math.max(colon, 0))).replace(/[ \t]+$/, "");
    return colon >= 0 && name !== "" && !ignored.some((pattern) => matches(name, pattern));
  });
  const view = kept.map((field) => `${field}\n`).join("") + "\n" + body;
  return Buffer.from(view, "latin1").subarray(0, LIMIT);
}

const CLASSES = {
  eight_bit: (byte) => byte >= 128,
  control: (byte) => byte <= 8 || byte === 11 || byte === 12 || (byte >= 14 && byte <= 31) || byte === 127,
  upper: (byte) => byte >= 65 && byte <= 90,
  digit: (byte) => byte >= 48 && byte <= 57,
  blank: (byte) => byte === SP || byte === TAB || byte === LF || byte === CR,
  angle: (byte) => byte === 60 || byte === 62,
  equals: (byte) => byte === 61,
  percent: (byte) => byte === 37,
  exclamation: (byte) => byte === 33,
  dollar: (byte) => byte === 36,
};
const WORDS = {
  links: "http", html: "<html", images: "<img", base64: "base64", quoted_printable: "quoted-printable",
};

/** Features `mail.octets.*` by column. */
export function octets(raw, view) {
  const found = { "mail.octets.size": withoutFromLine(raw).length, "mail.octets.view": view.length };
  for (const [name, holds] of Object.entries(CLASSES)) {
    found[`mail.octets.${name}`] = view.length ? view.filter(holds).length / view.length : NaN;
  }
  const text = lower(view.toString("latin1"));
  for (const [name, word] of Object.entries(WORDS)) found[`mail.octets.${name}`] = text.split(word).length - 1;
  return found;
}
