-- Whole groups of events that share a key, from a moment on: those whose key hashes to 0 modulo `one_in`. Of a group larger
-- than `most` the first ones that became known, so that what was known before each of them is there all the same.
-- Times are milliseconds since 1970.
SELECT
    e.event_id AS event_id,{{more}}
    toUnixTimestamp64Milli(e.event_time) AS happened,
    toUnixTimestamp64Milli(e.ingested_at) AS arrived,
    toUnixTimestamp64Milli(e.decided_at) AS decided
FROM {{event}} AS e
WHERE greatest(e.event_time, e.ingested_at) >= {known_from:DateTime64(3, 'UTC')}
    AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
    AND (e.simulated = 0 OR {with_simulated:Bool})
    AND key_is_known
    AND key_hash % {one_in:UInt64} = 0
ORDER BY key_hash, greatest(happened, arrived), event_id
LIMIT {most:UInt64} BY key_hash
LIMIT {rows:UInt64}
