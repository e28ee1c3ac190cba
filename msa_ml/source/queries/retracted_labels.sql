-- How many labels a retraction names, as known at a moment.
SELECT uniqExact(retracts)
FROM {{label}}
WHERE task = {task:String}
    AND retracts != ''
    AND greatest(labelled_at, ingested_at) < {as_of:DateTime64(3, 'UTC')}
