// How content becomes buckets, by docs/bundle.md; the graph does this itself, so only whoever looks inside needs it.
import { createHash } from "node:crypto";

const SLOT_BITS = 15;

/** Big-endian 16-bit numbers of SHAKE-256 over a text. */
function drawn(text, count) {
  const data = createHash("shake256", { outputLength: 2 * count }).update(text, "utf8").digest();
  return Array.from({ length: count }, (_, place) => data.readUInt16BE(2 * place));
}

/** The buckets of a message that stay, rising; sizes: lengths of n-grams by view. */
export function bucketsOf(content, { sizes, bits, seed }) {
  const apart = bits - Math.min(bits, SLOT_BITS);
  const slots = new Map();
  for (const size of new Set(Object.values(sizes).flat())) {
    const factors = drawn(`msa_ml n-gram ${seed} size ${size}`, size).map((number) => (number & 1023) | 1);
    const zeros = Array(size - 1).fill(0);
    for (const view of Object.keys(sizes).filter((name) => sizes[name].includes(size))) {
      const table = drawn(`msa_ml n-gram ${seed} view ${view}`, 256).map((number) => 1 + (number % 2047));
      const numbers = [...zeros, ...Array.from(content[view], (byte) => table[byte]), ...zeros];
      for (let start = 0; start + size <= numbers.length; start += 1) {
        const mixed = factors.reduce((sum, factor, place) => sum + factor * numbers[start + place], 0);
        const bucket = mixed % 2 ** bits;
        slots.set(bucket >> apart, bucket); // the last one stays
      }
    }
  }
  return [...slots.values()].sort((one, other) => one - other);
}
