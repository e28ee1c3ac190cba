-- What was decided on the events of a window by the newest score of a task that was known at a moment.
SELECT
    event_id,
    argMax(decision, (scored_at, bundle_id, policy)) AS decision
FROM {{score}}
WHERE task = {task:String}
    AND scored_at < {as_of:DateTime64(3, 'UTC')}
    AND event_time >= {since:DateTime64(3, 'UTC')}
    AND event_time < {until:DateTime64(3, 'UTC')}
GROUP BY event_id
