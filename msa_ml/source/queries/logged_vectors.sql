-- Logged vectors of some events under some specifications. `raw` holds the content views' bytes, in the order of `views`.
SELECT
    v.event_id AS event_id,
    v.spec_digest AS spec_digest,
    v.values AS vector,
    mapKeys(v.content) AS views,
    mapValues(v.content) AS raw
FROM {{vector}} AS v
WHERE v.event_id IN {ids:Array(String)}
    AND v.spec_digest IN {specs:Array(String)}
