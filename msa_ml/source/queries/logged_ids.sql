-- Which of some events have a vector under a specification.
SELECT DISTINCT v.event_id AS event_id
FROM {{vector}} AS v
WHERE v.event_id IN {ids:Array(String)}
    AND v.spec_digest = {spec:String}
