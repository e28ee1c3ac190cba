-- Some columns of some events by their ids.
SELECT
    e.event_id AS event_id,
    {{columns}}
FROM {{event}} AS e
WHERE e.event_id IN {ids:Array(String)}
