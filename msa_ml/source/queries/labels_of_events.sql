    -- Part of other queries: what sources say of each subject, as known at a moment.
    --
    -- A label is known from max(labelled_at, ingested_at); what is known in the very millisecond of the moment is not yet.
    known AS
    (
        SELECT
            label_id,
            subject_kind,
            subject,
            valid_from,
            valid_to,
            label,
            source,
            retracts,
            labelled_at,
            greatest(labelled_at, ingested_at) AS known_at
        FROM {{label}}
        WHERE task = {task:String}
            AND greatest(labelled_at, ingested_at) < {as_of:DateTime64(3, 'UTC')}
    ),
    -- A retraction takes back the statement that it names, which may be a retraction itself; then what that one took back
    -- holds again. Each step looks one link further along such a chain: three links are followed, more are not.
    taken_back_1 AS
    (
        SELECT DISTINCT retracts AS id FROM known WHERE retracts != ''
    ),
    taken_back_2 AS
    (
        SELECT DISTINCT retracts AS id FROM known WHERE retracts != '' AND label_id NOT IN (SELECT id FROM taken_back_1)
    ),
    taken_back AS
    (
        SELECT DISTINCT retracts AS id FROM known WHERE retracts != '' AND label_id NOT IN (SELECT id FROM taken_back_2)
    ),
    -- The newest word of each source; of two words of the same millisecond the one with the larger id.
    -- What is said about an account may hold for a while only.
    words AS
    (
        SELECT
            subject_kind,
            subject,
            source,
            if(subject_kind = 'event', NULL, valid_from) AS since,
            if(subject_kind = 'event', NULL, valid_to) AS until,
            argMax((label, labelled_at, known_at), (labelled_at, label_id)) AS newest
        FROM known
        WHERE retracts = '' AND subject_kind IN ('event', 'account') AND label_id NOT IN (SELECT id FROM taken_back)
        GROUP BY subject_kind, subject, source, since, until
    ),
    -- What all sources say of a subject: rank of the source, when it was said, source, value, when it was known, the age
    -- of an event in milliseconds from which on the source is heard, and the times of events for which it was said.
    spoken AS
    (
        SELECT
            subject_kind,
            subject,
            groupArray((
                transform(source, {sources:Array(String)}, {source_ranks:Array(Int32)}, toInt32(0)),
                newest.2,
                source,
                transform(newest.1, {words:Array(String)}, {word_values:Array(Int8)}, toInt8(-1)),
                newest.3,
                transform(source, {slow_sources:Array(String)}, {slow_delays:Array(Int64)}, toInt64(0)),
                ifNull(since, toDateTime64('1970-01-01 00:00:00', 3, 'UTC')),
                ifNull(until, toDateTime64('2200-01-01 00:00:00', 3, 'UTC'))
            )) AS words
        FROM words
        GROUP BY subject_kind, subject
    )
