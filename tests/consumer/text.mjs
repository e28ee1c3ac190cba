// Texts as docs/rules.md counts them: by code points, not by the UTF-16 units of JavaScript.

/** At most so many code points of a text, as an array of numbers. */
export function points(text, most = Infinity) {
  const found = [];
  for (const character of text) {
    if (found.length >= most) break;
    found.push(character.codePointAt(0));
  }
  return found;
}

/** The text of at most so many of its code points. */
export const cut = (text, most) => String.fromCodePoint(...points(text, most));

/** A text without spaces around it. */
export const trimmed = (text) => text.replace(/^ +| +$/g, "");

/** A text in small letters: A to Z as a to z, and nothing else changed. */
export const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

export const isSmall = (point) => point >= 97 && point <= 122;
export const isCapital = (point) => point >= 65 && point <= 90;
export const isLetter = (point) => isSmall(point) || isCapital(point);
export const isDigit = (point) => point >= 48 && point <= 57;
export const isMark = (point) => point < 128 && !isLetter(point) && !isDigit(point);
export const isVowel = (point) => "aeiouyAEIOUY".includes(String.fromCodePoint(point));

export const flag = (holds) => (holds ? 1 : 0);

/** How many of some values fulfil a condition. */
export const count = (values, holds) => values.reduce((sum, value) => sum + (holds(value) ? 1 : 0), 0);

/** The share of values that fulfil a condition; of nothing it is missing. */
export const share = (values, holds) => (values.length ? count(values, holds) / values.length : NaN);

/** Length of the longest run of values that fulfil a condition. */
export function longest(values, holds) {
  let most = 0, now = 0;
  values.forEach((value, place) => {
    now = holds(value, place) ? now + 1 : 0;
    most = Math.max(most, now);
  });
  return most;
}

/** Number of runs of values that fulfil a condition. */
export const runs = (values, holds) =>
  values.reduce((sum, value, place) => sum + flag(holds(value) && !(place && holds(values[place - 1]))), 0);

/** Number of values at the end that fulfil a condition. */
export function tail(values, holds) {
  let place = values.length;
  while (place && holds(values[place - 1])) place -= 1;
  return values.length - place;
}

/** Entropy of values in bits (Shannon 1948); of nothing it is missing. */
export function entropy(values) {
  if (!values.length) return NaN;
  const numbers = new Map();
  for (const value of values) numbers.set(value, (numbers.get(value) ?? 0) + 1);
  let sum = 0;
  for (const number of numbers.values()) sum -= (number / values.length) * Math.log2(number / values.length);
  return Math.max(sum, 0);
}

/** A name as it is compared with another: in small letters, of ASCII nothing but letters and digits. */
export const folded = (text) => lower(text).replace(/[\x00-\x2f\x3a-\x60\x7b-\x7f]/g, "");

function pairs(text) {
  const all = points(text);
  return new Set(all.slice(1).map((point, place) => `${all[place]} ${point}`));
}

/** Pairs of neighbouring code points that two texts share, by all that either has. */
export function likeness(one, other) {
  const [first, second] = [pairs(one), pairs(other)];
  const both = new Set([...first, ...second]);
  return both.size ? count([...first], (pair) => second.has(pair)) / both.size : NaN;
}
