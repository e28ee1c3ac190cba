-- One message by its id.
SELECT
    e.event_id AS event_id,
    e.raw AS raw
FROM {{mail}} AS e
WHERE e.event_id = {event_id:String}
LIMIT 1
