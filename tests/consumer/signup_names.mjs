// Features of the names of a sign-up, by docs/rules.md: signup.name, name_model, display_name, email.
import { publicSuffixes, within } from "./domain.mjs";
import {
  count, cut, entropy, flag, folded, isCapital, isDigit, isLetter, isMark, isSmall, isVowel, likeness, longest, lower,
  points, runs, share, tail, trimmed,
} from "./text.mjs";

/** Code points in the longest row of steps that all hold; 1 without a step, 0 without code points. */
const row = (all, holds) => (all.length ? 1 + longest(all.slice(1), (point, place) => holds(all[place], point)) : 0);

export function name(lists) {
  const steps = new Set();
  for (const line of lists("keyboard_rows")) {
    for (let place = 1; place < line.length; place += 1) {
      steps.add(line[place - 1] + line[place]).add(line[place] + line[place - 1]);
    }
  }
  const rare = new Set(lists("rare_letter_pairs"));
  const pair = (one, other) => lower(String.fromCodePoint(one, other));
  const known = (point) => isLetter(point) || isDigit(point);
  const follows = (by) => (one, other) => known(one) && known(other) && other - one === by;
  return ({ user_name }) => {
    const all = points(user_name, 256);
    const unlessEmpty = (value) => (all.length ? value : NaN);
    const end = tail(all, isDigit);
    const year = String.fromCodePoint(...all.slice(-4, -2));
    return {
      length: all.length,
      digits: share(all, isDigit),
      upper: share(all, isCapital),
      marks: share(all, isMark),
      non_ascii: share(all, (point) => point >= 128),
      parts: runs(all, (point) => !isMark(point)),
      digit_tail: end,
      digit_runs: runs(all, isDigit),
      year_tail: flag(end === 4 && (year === "19" || year === "20")),
      starts_with_digit: unlessEmpty(flag(isDigit(all[0]))),
      case_changes: count(all.slice(1).map((point, place) => [all[place], point]), ([one, other]) => isSmall(one) && isCapital(other)),
      entropy: unlessEmpty(entropy(all)),
      distinct: unlessEmpty(new Set(all).size / all.length),
      repeat: row(all, (one, other) => one === other),
      vowels: share(all.filter(isLetter), isVowel),
      consonant_run: longest(all, (point) => isLetter(point) && !isVowel(point)),
      vowel_run: longest(all, isVowel),
      rare_pairs: count(all.slice(1).map((point, place) => pair(all[place], point)), (two) => rare.has(two)),
      keyboard_walk: row(all, (one, other) => steps.has(pair(one, other))),
      sequence: Math.max(row(all, follows(1)), row(all, follows(-1))),
    };
  };
}

export function nameModel(lists) {
  const grams = new Map(
    lists("name_letters").map((line) => {
      const [gram, surprise, odds] = line.split(/\s+/);
      return [gram, [Number(surprise), Number(odds)]];
    }),
  );
  const bits = (value) => Math.min(Math.max(value / 1000, -64), 64);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  return ({ user_name }) => {
    const symbols = points(user_name, 256)
      .filter((point) => !isMark(point))
      .map((point) => (point >= 128 ? "~" : isDigit(point) ? "0" : lower(String.fromCodePoint(point))))
      .slice(0, 64);
    if (!symbols.length) return {};
    const text = `^^^${symbols.join("")}^`;
    const found = [];
    for (let end = 4; end <= text.length; end += 1) {
      let start = end - 4;
      while (start < end && !grams.has(text.slice(start, end))) start += 1;
      found.push(grams.get(text.slice(start, end)) ?? [0, 0]);
    }
    const [surprise, odds] = [found.map((one) => one[0]), found.map((one) => one[1])];
    return {
      surprise: bits(sum(surprise) / surprise.length),
      surprise_most: bits(Math.max(...surprise)),
      odds: bits(sum(odds)),
      odds_mean: bits(sum(odds) / odds.length),
      odds_start: bits(sum(odds.slice(0, 4))),
      odds_end: bits(sum(odds.slice(-4))),
      odds_least: bits(Math.min(...odds)),
      odds_most: bits(Math.max(...odds)),
    };
  };
}

const LINK = /:\/\/|www\.|@|\.(com|net|org|info|ru|cn|xyz|top|shop|online|site|club)(?![a-z0-9])/;
const between = (point, ranges) => ranges.some(([low, high]) => point >= low && point <= high);
const UNSEEN = [[0xad, 0xad], [0x200b, 0x200f], [0x202a, 0x202e], [0x2060, 0x2064], [0x2066, 0x2069], [0xfeff, 0xfeff]];
const PICTURES = [[0x1f000, 0x1faff], [0x2600, 0x27bf]];

function script(point) {
  if (isLetter(point) || between(point, [[0xc0, 0x24f]])) return "Latin";
  if (between(point, [[0x370, 0x3ff]])) return "Greek";
  return between(point, [[0x400, 0x52f]]) ? "Cyrillic" : null;
}

export function displayName() {
  return ({ display_name, user_name }) => {
    const text = trimmed(cut(display_name, 256));
    const all = points(text);
    if (!all.length) return { given: 0, length: NaN };
    const words = text.split(/ +/).map((word) => points(word));
    const scripts = all.map(script);
    const [shown, own] = [folded(text), folded(cut(user_name, 256))];
    return {
      given: 1,
      length: all.length,
      words: words.length,
      digits: share(all, isDigit),
      upper: share(all.filter(isLetter), isCapital),
      marks: share(all, (point) => isMark(point) && point !== 32),
      non_ascii: share(all, (point) => point >= 128),
      capitalised: share(words, (word) => isCapital(word[0])),
      link: flag(LINK.test(lower(text))),
      unseen: count(all, (point) => between(point, UNSEEN)),
      mixed: count(scripts.slice(1).map((next, place) => [scripts[place], next]), ([one, next]) => one && next && one !== next),
      pictures: count(all, (point) => between(point, PICTURES)),
      same_name: shown && own ? flag(shown === own) : NaN,
      likeness: likeness(shown, own),
    };
  };
}

export function email(lists) {
  const sets = Object.fromEntries(
    ["free_mail", "free_mail_more", "disposable_mail", "relay_mail", "reserved_domains"].map((list) => [list, new Set(lists(list))]),
  );
  const endsPublic = publicSuffixes(lists("public_suffixes"));
  return ({ email: given, user_name }) => {
    const whole = lower(trimmed(cut(given, 256)));
    if (!whole) return { given: 0 };
    const at = whole.lastIndexOf("@");
    const local = whole.slice(0, Math.max(at, 0));
    const after = at < 0 ? "" : whole.slice(at + 1).replace(/\.$/, "");
    const domain = after.endsWith(".") ? "" : after;
    const labels = domain.split(".");
    const odd = labels.some((label) => label === "" || /[\x00-\x7f]/.test(label.replace(/[a-zA-Z0-9-]/g, "")));
    const malformed = flag(!local || !domain || /[\x00-\x20\x7f]/.test(whole) || odd);
    if (!local || !domain) return { given: 1, malformed };
    const base = local.split("+")[0];
    const [all, host] = [points(base), points(domain)];
    const tag = points(local.slice(base.length + 1));
    const [ours, name] = [folded(base), folded(cut(user_name, 256))];
    const contains = (one, other) => one.includes(other) && points(other).length >= 4;
    return {
      given: 1,
      malformed,
      free: flag(within(domain, sets.free_mail)),
      free_more: flag(within(domain, sets.free_mail_more)),
      disposable: flag(within(domain, sets.disposable_mail)),
      relay: flag(within(domain, sets.relay_mail)),
      takes_no_mail: flag(
        odd || labels.length < 2 || within(domain, sets.reserved_domains) || !(labels.at(-1) === "example" || endsPublic(domain)),
      ),
      labels: Math.min(labels.length, 16),
      domain_length: host.length,
      domain_digits: share(host, isDigit),
      domain_hyphens: Math.min(count(host, (point) => point === 45), 16),
      international: flag(labels.some((label) => label.startsWith("xn--") || /[^\x00-\x7f]/.test(label))),
      length: points(local).length,
      digits: share(all, isDigit),
      digit_tail: tail(all, isDigit),
      entropy: entropy(all),
      dots: count(all, (point) => point === 46),
      single_parts: count(base.split("."), (part) => points(part).length === 1),
      plus: flag(local.includes("+")),
      tag_length: tag.length,
      tag_digits: share(tag, isDigit),
      same_name: ours && name ? flag(ours === name) : NaN,
      holds_name: ours && name ? flag(contains(ours, name) || contains(name, ours)) : NaN,
      likeness: likeness(ours, name),
    };
  };
}
