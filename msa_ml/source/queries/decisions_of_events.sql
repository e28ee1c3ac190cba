-- What the events of a window say was decided on them, where they say it.
SELECT
    e.event_id AS event_id,
    e.attributes['decision'] AS decision
FROM {{event}} AS e
WHERE e.event_time >= {since:DateTime64(3, 'UTC')}
    AND e.event_time < {until:DateTime64(3, 'UTC')}
    AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND decision != ''
