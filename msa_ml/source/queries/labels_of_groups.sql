-- What was said about the events of whole_groups.sql, and every retraction of the task. Times are milliseconds since 1970.
WITH
groups AS
(
    SELECT
        {{more}}
        e.event_id AS event_id
    FROM {{event}} AS e
    WHERE greatest(e.event_time, e.ingested_at) >= {known_from:DateTime64(3, 'UTC')}
        AND greatest(e.event_time, e.ingested_at) < {as_of:DateTime64(3, 'UTC')}
        AND arrayExists(key -> key.2 AND key.3 % {one_in:UInt64} = 0, keys)
)
SELECT
    label_id,
    task,
    subject,
    label,
    source,
    toUnixTimestamp64Milli(labelled_at) AS said,
    toUnixTimestamp64Milli(ingested_at) AS arrived,
    retracts
FROM {{label}}
WHERE task = {task:String}
    AND subject_kind = 'event'
    AND greatest(labelled_at, ingested_at) < {as_of:DateTime64(3, 'UTC')}
    AND (retracts != '' OR subject IN (SELECT event_id FROM groups))
