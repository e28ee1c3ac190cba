-- Events of a window as known at a moment, each with its label as known then.
-- Sampling is a function of the event's id (or its campaign), so the same rows come back every time;
-- `weight` is one over the probability of inclusion.
WITH
{{labels_of_events}},
events AS
(
    SELECT
        e.event_id AS event_id,
        e.source AS source,
        e.origin AS origin,
        e.position AS position,
        e.event_time AS event_time,
        greatest(e.event_time, e.ingested_at) AS known_at,
        {{campaign}} AS campaign,{{more}}
        e.simulated AS simulated,
        toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(e.event_time) AS age,
        -- A source may need longer than others until its word is its last; before that it is not heard.
        arrayFilter(
            word -> word.6 <= age AND word.7 <= e.event_time AND e.event_time < word.8, arrayConcat(l.words, a.words)
        ) AS heard,
        -- The source that ranks highest wins; among sources without a rank the one that spoke last.
        arrayReduce('max', heard) AS winner,
        if(empty(heard), toInt8(-1), winner.4) AS label,
        winner.3 AS label_source,
        winner.5 AS label_known_at,
        length(arrayDistinct(heard.4)) > 1 AS conflict,
        notEmpty(heard) AND has({kept:Array(Int8)}, label) AS kept_whatever,
        cityHash64(if({sample_by_campaign:Bool} AND {{campaign}} != '', {{campaign}}, e.event_id)) AS hash
    FROM {{event}} AS e
    LEFT JOIN (SELECT * FROM spoken WHERE subject_kind = 'event') AS l ON l.subject = e.event_id
    LEFT JOIN (SELECT * FROM spoken WHERE subject_kind = 'account' AND subject != '') AS a ON a.subject = {{account}}
    WHERE e.event_time >= {since:DateTime64(3, 'UTC')}
        AND e.event_time < {until:DateTime64(3, 'UTC')}
        AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
        AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
        AND (e.simulated = 0 OR {with_simulated:Bool})
)
SELECT
    * EXCEPT (age, heard, winner, kept_whatever, hash),
    if(kept_whatever, 1., 1. / {sample:Float64}) AS weight
FROM events
WHERE kept_whatever OR hash <= {sample_below:UInt64}
ORDER BY event_time, event_id
