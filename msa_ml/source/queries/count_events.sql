-- How many events a selection would hold if nothing were sampled.
SELECT count()
FROM {{event}} AS e
WHERE e.event_time >= {since:DateTime64(3, 'UTC')}
    AND e.event_time < {until:DateTime64(3, 'UTC')}
    AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
    AND (e.simulated = 0 OR {with_simulated:Bool})
