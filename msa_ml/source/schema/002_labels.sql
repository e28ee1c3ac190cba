-- Labels: who said what about which subject, and when it was said. Nothing is changed; a correction is a new row.

CREATE TABLE IF NOT EXISTS labels
(
    `label_id`     String COMMENT 'Deterministic key of the statement',
    `task`         LowCardinality(String) COMMENT 'Task the label is for',
    `subject_kind` Enum8('event' = 1, 'account' = 2, 'window' = 3, 'campaign' = 4) COMMENT 'What the subject is',
    `subject`      String COMMENT 'Id of the event, account, window or campaign',
    `valid_from`   Nullable(DateTime64(3, 'UTC')) COMMENT 'The label holds from here, if it is bounded',
    `valid_to`     Nullable(DateTime64(3, 'UTC')) COMMENT 'The label holds until here, if it is bounded',
    `label`        LowCardinality(String) COMMENT 'The word that was said',
    `confidence`   Float32 DEFAULT 1 COMMENT 'How sure, 0 to 1',
    `source`       LowCardinality(String) COMMENT 'Who says so: analyst, honeypot, user report, automatic ...',
    `labelled_at`  DateTime64(3, 'UTC') COMMENT 'When it was said',
    `ingested_at`  DateTime64(3, 'UTC') DEFAULT labelled_at COMMENT 'When our system could have known it',
    `by`           String COMMENT 'Pseudonym of the person, if a person said it',
    `retracts`     String COMMENT 'label_id of the statement taken back, else empty',
    `simulated`    Bool COMMENT 'Made by a simulator',
    `stored_at`    DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was written here; retention and version only'
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(labelled_at)
ORDER BY label_id
COMMENT 'Who said that something is abuse, and when; append-only';

CREATE OR REPLACE VIEW label AS
SELECT
    t.`label_id` AS `label_id`,
    t.`task` AS `task`,
    toString(t.subject_kind) AS `subject_kind`,
    t.`subject` AS `subject`,
    t.`valid_from` AS `valid_from`,
    t.`valid_to` AS `valid_to`,
    t.`label` AS `label`,
    t.`confidence` AS `confidence`,
    t.`source` AS `source`,
    t.`labelled_at` AS `labelled_at`,
    t.`ingested_at` AS `ingested_at`,
    t.`by` AS `by`,
    t.`retracts` AS `retracts`,
    t.`simulated` AS `simulated`
FROM labels AS t FINAL;
