-- 1 when the source holds simulated mail and no other.
SELECT count() > 0 AND countIf(NOT simulated) = 0
FROM {{mail}}
