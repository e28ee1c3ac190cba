// Features of the client of a sign-up, by docs/rules.md: signup.agent, ip, locale, referrer, form, verification.
import { address, holds, isAddress, within } from "./domain.mjs";
import { count, cut, flag, lower, points, trimmed } from "./text.mjs";

const DAY = 86_400_000, HOUR = 3_600_000;
const modulo = (value, by) => ((value % by) + by) % by;
const limited = (value, low, high) => Math.min(Math.max(value, low), high);

/** When the decision was made, else when the event happened: ms, or null. */
export const moment = (event) => event.decided_at ?? event.event_time;

export function agent(lists) {
  const tools = lists("agent_tools");
  const releases = Object.fromEntries(
    lists("browser_releases").map((line) => {
      const [browser, version, day, days] = line.split(/\s+/);
      return [browser, { version: Number(version), day: Date.parse(`${day}T00:00:00Z`), days: Number(days) }];
    }),
  );
  return (event) => {
    const text = cut(event.user_agent, 512);
    if (!text) return { given: 0, length: 0 };
    const has = (...words) => words.some((word) => text.includes(word));
    const number = (after) => {
      const found = new RegExp(`${after}([0-9]{1,9})`).exec(text);
      return found ? Number(found[1]) : null;
    };
    const differ = (one, other) => number(one) !== null && number(other) !== null && number(one) !== number(other);
    const systems = {
      windows: has("Windows NT", "Windows Phone"),
      mac: has("Macintosh"),
      ios: has("iPhone", "iPad", "iPod"),
      android: has("Android"),
      desk_linux: has("X11"),
    };
    const [chrome, firefox] = [has("Chrome/"), has("Firefox/")];
    const impossible = [
      count(Object.values(systems), Boolean) > 1,
      firefox && chrome,
      differ("Firefox/", "rv:"),
      (chrome || firefox) && systems.ios,
      chrome && !has("AppleWebKit/537.36"),
      has("Mobile") && (has("Windows NT") || systems.mac || systems.desk_linux) && !has("iPad"),
      has("Trident/", "MSIE") && chrome,
      differ("Edg/", "Chrome/"),
    ];
    const browser = ["Chrome", "Firefox"].find((one) => number(`${one}/`) !== null);
    const now = moment(event);
    const current = ({ version, day, days }) => version + (now - day) / DAY / days;
    return {
      given: 1,
      length: points(text).length,
      mozilla: flag(text.startsWith("Mozilla/5.0 (")),
      ...Object.fromEntries(Object.entries(systems).map(([system, found]) => [system, flag(found)])),
      mobile: flag(has("Mobile")),
      chrome: flag(chrome),
      firefox: flag(firefox),
      safari: flag(has("Version/") && has("Safari/") && !chrome),
      old_engine: flag(has("MSIE", "Trident/", "Presto/", "Windows NT 5")),
      tool: flag(tools.some((word) => lower(text).includes(word))),
      impossible: count(impossible, Boolean),
      behind: browser && now !== null ? limited(current(releases[browser]) - number(`${browser}/`), -200, 200) : NaN,
    };
  };
}

const PRIVATE = [[0, 0], [23456, 23456], [64496, 65535], [4200000000, 4294967295]];

export function ip(lists) {
  const networks = lists("special_networks").map((line) => line.split(/\s+/));
  const hosting = new Set(lists("hosting_asns").map(Number));
  return (event) => {
    const { asn } = event;
    const text = cut(event.ip, 256).replace(/^[ [\]]+|[ [\]]+$/g, "");
    const known = asn !== null;
    const found = {
      missing: flag(!text),
      asn_known: flag(known),
      asn_private: known ? flag(PRIVATE.some(([low, high]) => asn >= low && asn <= high)) : NaN,
      hosting: known ? flag(hosting.has(asn)) : NaN,
      country_known: flag(event.country),
    };
    if (!text) return found;
    const of = address(text);
    found.malformed = flag(!of);
    if (!of) return found;
    const purpose = networks.find(([network]) => holds(network, of))?.[1];
    for (const word of ["private", "shared", "tunnel", "reserved"]) found[word] = flag(purpose === word);
    const host = of.groups.slice(4);
    return {
      ...found,
      version_6: flag(of.version === 6),
      eui64: of.version === 6 ? flag((host[1] & 0xff) === 0xff && host[2] >> 8 === 0xfe) : NaN,
      low_host: of.version === 6 ? flag(host[0] === 0 && host[1] === 0 && host[2] === 0) : NaN,
    };
  };
}

export function locale(lists) {
  const table = (list) => new Map(lists(list).map((line) => [line.split(/\s+/)[0], line.split(/\s+/).slice(1)]));
  const [spoken, zones] = [table("country_languages"), table("time_zones")];
  return (event) => {
    const language = lower(trimmed(cut(event.language, 256)));
    const name = trimmed(cut(event.time_zone, 64));
    const country = trimmed(cut(event.country, 16));
    const parts = language.split(",").map((part) => trimmed(part.split(";")[0]));
    const tags = parts.filter((part) => /^[a-z]{2,3}(-[a-z0-9]{1,8})*$/.test(part));
    const languages = tags.map((tag) => tag.split("-")[0]);
    const region = tags.length ? tags[0].split("-").slice(1).find((word) => /^[a-z]{2}$/.test(word)) : undefined;
    const speaks = (land, some) => some.some((one) => (spoken.get(land) ?? []).includes(one));
    const zone = zones.get(name);
    const lands = zone?.slice(1);
    const now = moment(event);
    const when = (condition, value) => (condition ? flag(value) : NaN);
    return {
      given: flag(language),
      languages: language ? Math.min(tags.length, 32) : NaN,
      malformed: when(language, parts.some((part) => part !== "*" && !tags.includes(part))),
      regional: when(tags.length, region !== undefined),
      spoken: when(tags.length && spoken.has(country), speaks(country, languages)),
      spoken_first: when(tags.length && spoken.has(country), speaks(country, languages.slice(0, 1))),
      region_differs: when(region && country, region?.toUpperCase() !== country),
      zone_given: flag(name),
      zone_known: when(name, zone),
      zone_nowhere: when(zone, !lands?.length),
      zone_differs: when(zone && country, !lands?.includes(country)),
      zone_speaks: when(tags.length && lands?.length, lands?.some((land) => speaks(land, languages))),
      hour: zone && now !== null ? modulo(now + Number(zone[0]) * 60_000, DAY) / HOUR : NaN,
    };
  };
}

export function referrer(lists, { own }) {
  const [shorteners, free] = [new Set(lists("url_shorteners")), new Set(lists("free_hosting"))];
  const ours = new Set(own.split(",").map((domain) => lower(domain.trim())).filter(Boolean));
  return (event) => {
    const text = lower(trimmed(cut(event.referrer, 512)));
    if (!text) return { given: 0, length: 0 };
    const [, scheme, rest] = /^([^:/?#]*):\/\/(.*)$/s.exec(text) ?? [null, null, ""];
    const authority = rest.split(/[/?#]/)[0];
    const host = cut(authority.slice(authority.lastIndexOf("@") + 1).replace(/:[0-9]*$/, ""), 256);
    const path = rest.slice(authority.length).split(/[?#]/)[0];
    return {
      given: 1,
      length: points(text).length,
      web: flag(scheme === "http" || scheme === "https"),
      secure: flag(scheme === "https"),
      depth: path.split("/").length - 1,
      query: flag(text.includes("?")),
      ip_host: host ? flag(isAddress(host)) : NaN,
      shortener: host ? flag(within(host, shorteners)) : NaN,
      free_hosting: host ? flag(within(host, free)) : NaN,
      own: host && ours.size ? flag(within(host, ours)) : NaN,
    };
  };
}

export function form() {
  return (event) => {
    const given = event.form_seconds;
    const told = given !== null && given >= 0;
    const seconds = told ? Math.min(given, 86400) : NaN;
    const typed = [event.user_name, event.display_name, event.email].reduce((sum, text) => sum + points(text, 256).length, 0);
    const now = moment(event);
    return {
      seconds,
      whole: told ? flag(Number.isInteger(seconds)) : NaN,
      typed,
      pace: told ? (Math.min(typed / Math.max(seconds, 0.001), 1000)) : NaN,
      hour: now === null ? NaN : modulo(now, DAY) / HOUR,
      weekday: now === null ? NaN : modulo(Math.floor(now / DAY) + 3, 7) + 1,
    };
  };
}

export function verification(lists) {
  const ways = new Map(lists("verification_methods").map((line) => line.split(/\s+/)));
  return (event) => {
    const method = lower(trimmed(cut(event.verification_method, 64)));
    const way = ways.get(method);
    const attempts = event.verification_attempts;
    const told = attempts !== null && attempts >= 0;
    const kinds = ["puzzle", "phone", "mail", "device", "none"];
    return {
      ...Object.fromEntries(kinds.map((kind) => [kind, way ? flag(way === kind) : NaN])),
      told: flag(method),
      attempts: told ? Math.min(attempts, 1000) : NaN,
      first_time: told ? flag(attempts === 1) : NaN,
    };
  };
}
