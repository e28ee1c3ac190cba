-- Events of a window as known at a moment, each with its label as known then.
-- Sampling is a function of the event's id (or its campaign), so the same rows come back every time;
-- `weight` is one over the probability of inclusion.
WITH
    known AS
    (
        SELECT
            label_id,
            subject,
            label,
            source,
            retracts,
            labelled_at
        FROM {{label}}
        WHERE task = {task:String}
            AND subject_kind = 'event'
            AND greatest(labelled_at, ingested_at) < {as_of:DateTime64(3, 'UTC')}
    ),
    retracted AS
    (
        SELECT DISTINCT retracts
        FROM known
        WHERE retracts != ''
    ),
    -- The newest word of each source.
    words AS
    (
        SELECT
            subject,
            source,
            argMax(label, (labelled_at, label_id)) AS word,
            max(labelled_at) AS said_at
        FROM known
        WHERE retracts = '' AND label_id NOT IN (SELECT retracts FROM retracted)
        GROUP BY subject, source
    ),
    resolved AS
    (
        SELECT
            subject,
            argMax(
                transform(word, {words:Array(String)}, {word_values:Array(Int8)}, toInt8(-1)),
                (transform(source, {sources:Array(String)}, {source_ranks:Array(Int32)}, toInt32(0)), said_at, source)
            ) AS value,
            uniqExact(transform(word, {words:Array(String)}, {word_values:Array(Int8)}, toInt8(-1))) > 1 AS conflict
        FROM words
        GROUP BY subject
    )
SELECT
    e.event_id AS event_id,
    e.source AS source,
    e.origin AS origin,
    e.position AS position,
    e.event_time AS event_time,
    greatest(e.event_time, e.ingested_at) AS known_at,
    {{campaign}} AS campaign,{{more}}
    e.simulated AS simulated,
    if(l.subject = '', toInt8(-1), l.value) AS label,
    l.conflict AS conflict,
    if(l.subject != '' AND has({kept:Array(Int8)}, l.value), 1., 1. / {sample:Float64}) AS weight
FROM {{event}} AS e
LEFT JOIN resolved AS l ON l.subject = e.event_id
WHERE e.event_time >= {since:DateTime64(3, 'UTC')}
    AND e.event_time < {until:DateTime64(3, 'UTC')}
    AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
    AND (e.simulated = 0 OR {with_simulated:Bool})
    AND
    (
        (l.subject != '' AND has({kept:Array(Int8)}, l.value))
        OR cityHash64(if({sample_by_campaign:Bool} AND {{campaign}} != '', {{campaign}}, e.event_id))
            <= {sample_below:UInt64}
    )
ORDER BY e.event_time, e.event_id
