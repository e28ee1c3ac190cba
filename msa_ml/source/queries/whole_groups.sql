-- Whole groups of events that share a key, from a moment on: of each key (its number is `place`) the groups whose key hashes to
-- 0 modulo `one_in`. Of a group larger than `most` the first ones that became known, so that what was known before each of
-- them is there all the same. An event stands in as many rows as it has such groups, each with the
-- hashes of all its values of that key. Times are milliseconds since 1970.
SELECT
    e.event_id AS event_id,{{more}}
    toUnixTimestamp64Milli(e.event_time) AS happened,
    toUnixTimestamp64Milli(e.ingested_at) AS arrived,
    toUnixTimestamp64Milli(e.decided_at) AS decided,
    arrayJoin(arrayFilter(key -> key.2 AND key.3 % {one_in:UInt64} = 0, keys)) AS found,
    found.1 AS place,
    found.3 AS key_hash,
    arrayMap(key -> key.3, arrayFilter(key -> key.1 = found.1, keys)) AS hashes
FROM {{event}} AS e
WHERE greatest(e.event_time, e.ingested_at) >= {known_from:DateTime64(3, 'UTC')}
    AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
    AND (e.simulated = 0 OR {with_simulated:Bool})
ORDER BY place, key_hash, greatest(happened, arrived), event_id
LIMIT {most:UInt64} BY place, key_hash
LIMIT {rows:UInt64}
