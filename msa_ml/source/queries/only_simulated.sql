-- 1 when the source holds simulated events of a kind and no other.
SELECT count() > 0 AND countIf(NOT simulated) = 0
FROM {{event}}
