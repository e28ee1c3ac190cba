-- Some messages by their ids.
SELECT
    e.event_id AS event_id,
    e.raw AS raw
FROM {{mail}} AS e
WHERE e.event_id IN {ids:Array(String)}
