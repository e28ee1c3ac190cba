-- Some columns of the events of a window whose ids lie in a range; which of them a dataset holds is decided by its index.
SELECT
    e.event_id AS event_id,
    {{columns}}
FROM {{event}} AS e
WHERE e.event_time >= {since:DateTime64(3, 'UTC')}
    AND e.event_time < {until:DateTime64(3, 'UTC')}
    AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND e.event_id >= {first_id:String}
    AND ({last_id:String} = '' OR e.event_id <= {last_id:String})
    AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
    AND (e.simulated = 0 OR {with_simulated:Bool})
    AND cityHash64(if({sample_by_campaign:Bool} AND {{campaign}} != '', {{campaign}}, e.event_id)) <= {sample_below:UInt64}
