-- Events of a selection whose personal fields retention has emptied, before anything is sampled; the caller says by what that is seen.
SELECT{{more}}
    e.event_id AS event_id
FROM {{event}} AS e
WHERE e.event_time >= {since:DateTime64(3, 'UTC')}
    AND e.event_time < {until:DateTime64(3, 'UTC')}
    AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
    AND (e.simulated = 0 OR {with_simulated:Bool})
    AND gone
