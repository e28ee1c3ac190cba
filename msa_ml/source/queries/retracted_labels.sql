-- How many labels of a task are taken back, as known at a moment.
WITH
{{labels_of_events}}
SELECT count()
FROM known
WHERE retracts = '' AND label_id IN (SELECT id FROM taken_back)
