-- Under which specifications vectors of a window were logged, each with the number of its events and the specification.
SELECT
    v.spec_digest AS spec_digest,
    v.events AS events,
    s.spec AS spec
FROM
(
    SELECT
        spec_digest,
        uniqExact(event_id) AS events
    FROM {{vector}}
    WHERE event_time >= {since:DateTime64(3, 'UTC')}
        AND event_time < {until:DateTime64(3, 'UTC')}
    GROUP BY spec_digest
) AS v
LEFT JOIN {{feature_spec}} AS s ON s.spec_digest = v.spec_digest
ORDER BY events DESC, spec_digest
