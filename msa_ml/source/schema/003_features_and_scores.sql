-- What was computed from events: feature vectors with their specification, and scores.

CREATE TABLE IF NOT EXISTS feature_vectors
(
    `event_id`    String COMMENT 'Id of the event',
    `spec_digest` String COMMENT 'Digest of the feature specification',
    `event_time`  DateTime64(3, 'UTC') COMMENT 'When the event happened',
    `ingested_at` DateTime64(3, 'UTC') DEFAULT event_time COMMENT 'When the deciding system could have known the event',
    `values`      Array(Float32) COMMENT 'Numbers in the order of the specification; nan = unknown',
    `content`     Map(String, String) COMMENT 'Content views by name; hashed text is personal data',
    `stored_at`   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was written here; retention and version only'
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (event_id, spec_digest)
COMMENT 'Extracted features of events, by specification';

CREATE OR REPLACE VIEW vector AS
SELECT
    t.`event_id` AS `event_id`,
    t.`spec_digest` AS `spec_digest`,
    t.`event_time` AS `event_time`,
    t.`ingested_at` AS `ingested_at`,
    t.`values` AS `values`,
    t.`content` AS `content`
FROM feature_vectors AS t FINAL;

CREATE TABLE IF NOT EXISTS feature_specs
(
    `spec_digest` String COMMENT 'Digest of the specification',
    `spec`        String COMMENT 'The specification as JSON',
    `stored_at`   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was written here'
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY spec_digest
COMMENT 'Feature specifications by digest';

CREATE OR REPLACE VIEW feature_spec AS
SELECT
    t.`spec_digest` AS `spec_digest`,
    t.`spec` AS `spec`
FROM feature_specs AS t FINAL;

CREATE TABLE IF NOT EXISTS scores
(
    `event_id`    String COMMENT 'Id of the event',
    `task`        LowCardinality(String) COMMENT 'Task of the bundle',
    `bundle_id`   String COMMENT 'Which bundle',
    `event_time`  DateTime64(3, 'UTC') COMMENT 'When the event happened',
    `scored_at`   DateTime64(3, 'UTC') COMMENT 'When it was scored',
    `logit`       Float32 COMMENT 'Logit of the graph',
    `probability` Float32 COMMENT 'Calibrated probability of abuse',
    `policy`      LowCardinality(String) COMMENT 'Policy whose threshold decided',
    `decision`    LowCardinality(String) COMMENT 'What it decided',
    `stored_at`   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was written here; retention and version only'
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (event_id, task, bundle_id, policy)
COMMENT 'Scores that a bundle gave to events';

CREATE OR REPLACE VIEW score AS
SELECT
    t.`event_id` AS `event_id`,
    t.`task` AS `task`,
    t.`bundle_id` AS `bundle_id`,
    t.`event_time` AS `event_time`,
    t.`scored_at` AS `scored_at`,
    t.`logit` AS `logit`,
    t.`probability` AS `probability`,
    t.`policy` AS `policy`,
    t.`decision` AS `decision`
FROM scores AS t FINAL;
