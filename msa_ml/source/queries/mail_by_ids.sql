-- Some messages by their ids; those that retention has emptied are left out.
SELECT
    e.event_id AS event_id,
    e.raw AS raw
FROM {{mail}} AS e
WHERE e.event_id IN {ids:Array(String)}
    AND notEmpty(e.raw)
