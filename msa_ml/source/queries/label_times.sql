-- What the labels of each source are like: of how many events, of which class, how often corrected, and how long after its
-- event a label was known, in seconds. The row without a source is over the labels of all sources.
-- Times are of labels of events that are old enough to be judged: of younger ones only the quick labels are there yet.
WITH
{{labels_of_events}},
said AS
(
    SELECT
        e.event_id AS event_id,
        l.source AS source,
        transform(l.label, {words:Array(String)}, {word_values:Array(Int8)}, toInt8(-1)) AS value,
        (l.labelled_at, l.label_id) AS turn,
        (toUnixTimestamp64Milli(l.known_at) - toUnixTimestamp64Milli(e.event_time)) / 1000. AS seconds,
        toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(e.event_time) AS age
    FROM
    (
        SELECT
            e.event_id AS event_id,
            e.event_time AS event_time,
            arrayJoin([('event', e.event_id), ('account', {{account}})]) AS about
        FROM {{event}} AS e
        WHERE e.event_time >= {since:DateTime64(3, 'UTC')}
            AND e.event_time < {until:DateTime64(3, 'UTC')}
            AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
            AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, e.source))
            AND (e.simulated = 0 OR {with_simulated:Bool})
    ) AS e
    INNER JOIN
    (
        SELECT *
        FROM known
        WHERE retracts = '' AND subject != '' AND label_id NOT IN (SELECT id FROM taken_back)
    ) AS l ON l.subject_kind = e.about.1 AND l.subject = e.about.2
    WHERE l.subject_kind = 'event'
        OR (ifNull(l.valid_from <= e.event_time, true) AND ifNull(e.event_time < l.valid_to, true))
),
of_sources AS
(
    SELECT
        event_id,
        source,
        argMax(value, turn) AS newest,
        uniqExact(value) > 1 AS corrected,
        any(age) AS age,
        if(age >= {delay:Int64}, groupArray(seconds), []) AS times
    FROM said
    GROUP BY event_id, source
)
SELECT
    arrayJoin(['', source]) AS label_source,
    uniqExact(event_id) AS events,
    countIf(newest = 1) AS positive,
    countIf(newest = 0) AS negative,
    countIf(newest = -1) AS neither,
    countIf(corrected) AS corrected_events,
    countIf(age < transform(source, {slow_sources:Array(String)}, {slow_delays:Array(Int64)}, {delay:Int64})) AS unheard,
    quantilesExactInclusiveArray(0.05, 0.25, 0.5, 0.75, 0.95, 0.99)(times) AS seconds,
    sum(length(times)) AS timed,
    sum(arrayCount(t -> t * 1000 > {delay:Int64}, times)) AS late,
    sum(arrayCount(t -> t < 0, times)) AS before_event
FROM of_sources
GROUP BY label_source
ORDER BY label_source
