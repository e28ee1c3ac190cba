-- The raw messages of a window; which of them a dataset holds is decided by its index.
SELECT
    e.event_id AS event_id,
    e.raw AS raw
FROM {{mail}} AS e
WHERE e.event_time >= {since:DateTime64(3, 'UTC')}
    AND e.event_time < {until:DateTime64(3, 'UTC')}
    AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
    AND (e.simulated = 0 OR {with_simulated:Bool})
    AND cityHash64(if({sample_by_campaign:Bool} AND e.campaign != '', e.campaign, e.event_id)) <= {sample_below:UInt64}
