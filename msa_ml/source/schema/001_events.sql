-- Events of the four kinds. Rows are versions: the newest `stored_at` of an `event_id` counts, and the view shows only it.
-- A statement ends with a semicolon at the end of a line. An applied file is never changed: add the next number.

CREATE TABLE IF NOT EXISTS mail_events
(
    `event_id`         String COMMENT 'First 128 bits of SHA-256 over source and the bytes without the mbox From line, 32 hex digits',
    `source`           LowCardinality(String) COMMENT 'Name of the source the row came from',
    `origin`           String COMMENT 'Path or native id within the source',
    `position`         UInt64 COMMENT 'Place within the origin, from 0',
    `event_time`       DateTime64(3, 'UTC') COMMENT 'When the mail arrived, a pure function of the row',
    `ingested_at`      DateTime64(3, 'UTC') DEFAULT event_time COMMENT 'When the deciding system could have known the row',
    `decided_at`       Nullable(DateTime64(3, 'UTC')) COMMENT 'When the decision was made, if it is known',
    `stored_at`        DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was written here; retention and version only',
    `simulated`        Bool COMMENT 'Made by a simulator',
    `time_from`        LowCardinality(String) COMMENT 'Where event_time was found: received, date, neighbours, given or file',
    `damage`           LowCardinality(String) COMMENT 'What is damaged, empty for a sound message',
    `size`             UInt32 COMMENT 'Bytes of the message',
    `sender_domain`    String COMMENT 'Domain of the From address',
    `sender_pseudonym` String COMMENT 'Pseudonym of the From address',
    `recipient_count`  UInt16 COMMENT 'Addresses in To and Cc',
    `client_subnet`    String COMMENT '/24 or /48 of the sending host',
    `campaign`         String COMMENT 'Fingerprint of the content, equal for near-duplicates',
    `key_id`           LowCardinality(String) COMMENT 'Which key made the pseudonyms',
    `raw`              String COMMENT 'The message as received, without the mbox From line' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY event_id
COMMENT 'Inbound mail';

CREATE OR REPLACE VIEW mail AS
SELECT
    t.`event_id` AS `event_id`,
    t.`source` AS `source`,
    t.`origin` AS `origin`,
    t.`position` AS `position`,
    t.`event_time` AS `event_time`,
    t.`ingested_at` AS `ingested_at`,
    t.`decided_at` AS `decided_at`,
    t.`simulated` AS `simulated`,
    t.`time_from` AS `time_from`,
    t.`damage` AS `damage`,
    t.`size` AS `size`,
    t.`sender_domain` AS `sender_domain`,
    t.`sender_pseudonym` AS `sender_pseudonym`,
    t.`recipient_count` AS `recipient_count`,
    t.`client_subnet` AS `client_subnet`,
    t.`campaign` AS `campaign`,
    t.`key_id` AS `key_id`,
    t.`raw` AS `raw`
FROM mail_events AS t FINAL;

CREATE TABLE IF NOT EXISTS signup_events
(
    `event_id`              String COMMENT 'First 128 bits of SHA-256 over source and the native id or the canonical row, 32 hex digits',
    `source`                LowCardinality(String) COMMENT 'Name of the source the row came from',
    `origin`                String COMMENT 'Path or native id within the source',
    `position`              UInt64 COMMENT 'Place within the origin, from 0',
    `event_time`            DateTime64(3, 'UTC') COMMENT 'When the form was sent, a pure function of the row',
    `ingested_at`           DateTime64(3, 'UTC') DEFAULT event_time COMMENT 'When the deciding system could have known the row',
    `decided_at`            Nullable(DateTime64(3, 'UTC')) COMMENT 'When the decision was made, if it is known',
    `stored_at`             DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was written here; retention and version only',
    `simulated`             Bool COMMENT 'Made by a simulator',
    `user_name`             String COMMENT 'Wanted name of the account',
    `user_pseudonym`        String COMMENT 'Pseudonym of the name',
    `name_pattern`          String COMMENT 'Shape of the name: letters a, digits 0',
    `display_name`          String COMMENT 'Name to show',
    `email`                 String COMMENT 'Address given for recovery',
    `email_domain`          String COMMENT 'Its domain',
    `email_pseudonym`       String COMMENT 'Its pseudonym',
    `ip`                    String COMMENT 'Address of the client',
    `ip_subnet`             String COMMENT 'Its /24 or /48',
    `ip_pseudonym`          String COMMENT 'Pseudonym of the address',
    `asn`                   Nullable(UInt32) COMMENT 'Autonomous system of the address',
    `country`               LowCardinality(String) COMMENT 'ISO 3166 code of the address',
    `user_agent`            String COMMENT 'User-Agent as sent',
    `device`                String COMMENT 'Identifier of the device',
    `device_pseudonym`      String COMMENT 'Pseudonym of the device',
    `form_seconds`          Nullable(Float64) COMMENT 'Seconds from showing the form to sending it',
    `verification_method`   LowCardinality(String) COMMENT 'How a human was asked for',
    `verification_attempts` Nullable(UInt32) COMMENT 'How often it was tried',
    `referrer`              String COMMENT 'Referrer as sent',
    `language`              LowCardinality(String) COMMENT 'Accept-Language as sent',
    `time_zone`             LowCardinality(String) COMMENT 'Time zone of the client',
    `key_id`                LowCardinality(String) COMMENT 'Which key made the pseudonyms',
    `attributes`            Map(String, String) COMMENT 'What else the service knows, by name'
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY event_id
COMMENT 'Attempts to register an account';

CREATE OR REPLACE VIEW signup AS
SELECT
    t.`event_id` AS `event_id`,
    t.`source` AS `source`,
    t.`origin` AS `origin`,
    t.`position` AS `position`,
    t.`event_time` AS `event_time`,
    t.`ingested_at` AS `ingested_at`,
    t.`decided_at` AS `decided_at`,
    t.`simulated` AS `simulated`,
    t.`user_name` AS `user_name`,
    t.`user_pseudonym` AS `user_pseudonym`,
    t.`name_pattern` AS `name_pattern`,
    t.`display_name` AS `display_name`,
    t.`email` AS `email`,
    t.`email_domain` AS `email_domain`,
    t.`email_pseudonym` AS `email_pseudonym`,
    t.`ip` AS `ip`,
    t.`ip_subnet` AS `ip_subnet`,
    t.`ip_pseudonym` AS `ip_pseudonym`,
    t.`asn` AS `asn`,
    t.`country` AS `country`,
    t.`user_agent` AS `user_agent`,
    t.`device` AS `device`,
    t.`device_pseudonym` AS `device_pseudonym`,
    t.`form_seconds` AS `form_seconds`,
    t.`verification_method` AS `verification_method`,
    t.`verification_attempts` AS `verification_attempts`,
    t.`referrer` AS `referrer`,
    t.`language` AS `language`,
    t.`time_zone` AS `time_zone`,
    t.`key_id` AS `key_id`,
    t.`attributes` AS `attributes`
FROM signup_events AS t FINAL;

CREATE TABLE IF NOT EXISTS login_events
(
    `event_id`          String COMMENT 'First 128 bits of SHA-256 over source and the native id or the canonical row, 32 hex digits',
    `source`            LowCardinality(String) COMMENT 'Name of the source the row came from',
    `origin`            String COMMENT 'Path or native id within the source',
    `position`          UInt64 COMMENT 'Place within the origin, from 0',
    `event_time`        DateTime64(3, 'UTC') COMMENT 'When the attempt was made, a pure function of the row',
    `ingested_at`       DateTime64(3, 'UTC') DEFAULT event_time COMMENT 'When the deciding system could have known the row',
    `decided_at`        Nullable(DateTime64(3, 'UTC')) COMMENT 'When the decision was made, if it is known',
    `stored_at`         DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was written here; retention and version only',
    `simulated`         Bool COMMENT 'Made by a simulator',
    `account`           String COMMENT 'Name of the account',
    `account_pseudonym` String COMMENT 'Pseudonym of the account',
    `success`           Nullable(Bool) COMMENT 'Whether the attempt succeeded',
    `ip`                String COMMENT 'Address of the client',
    `ip_subnet`         String COMMENT 'Its /24 or /48',
    `ip_pseudonym`      String COMMENT 'Pseudonym of the address',
    `asn`               Nullable(UInt32) COMMENT 'Autonomous system of the address',
    `country`           LowCardinality(String) COMMENT 'ISO 3166 code of the address',
    `user_agent`        String COMMENT 'User-Agent as sent',
    `device`            String COMMENT 'Identifier of the device',
    `device_pseudonym`  String COMMENT 'Pseudonym of the device',
    `rtt_ms`            Nullable(Float64) COMMENT 'Round-trip time, ms',
    `key_id`            LowCardinality(String) COMMENT 'Which key made the pseudonyms',
    `attributes`        Map(String, String) COMMENT 'What else the service knows, by name'
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY event_id
COMMENT 'Attempts to log in';

CREATE OR REPLACE VIEW login AS
SELECT
    t.`event_id` AS `event_id`,
    t.`source` AS `source`,
    t.`origin` AS `origin`,
    t.`position` AS `position`,
    t.`event_time` AS `event_time`,
    t.`ingested_at` AS `ingested_at`,
    t.`decided_at` AS `decided_at`,
    t.`simulated` AS `simulated`,
    t.`account` AS `account`,
    t.`account_pseudonym` AS `account_pseudonym`,
    t.`success` AS `success`,
    t.`ip` AS `ip`,
    t.`ip_subnet` AS `ip_subnet`,
    t.`ip_pseudonym` AS `ip_pseudonym`,
    t.`asn` AS `asn`,
    t.`country` AS `country`,
    t.`user_agent` AS `user_agent`,
    t.`device` AS `device`,
    t.`device_pseudonym` AS `device_pseudonym`,
    t.`rtt_ms` AS `rtt_ms`,
    t.`key_id` AS `key_id`,
    t.`attributes` AS `attributes`
FROM login_events AS t FINAL;

CREATE TABLE IF NOT EXISTS request_events
(
    `event_id`         String COMMENT 'First 128 bits of SHA-256 over source and the native id or the canonical row, 32 hex digits',
    `source`           LowCardinality(String) COMMENT 'Name of the source the row came from',
    `origin`           String COMMENT 'Path or native id within the source',
    `position`         UInt64 COMMENT 'Place within the origin, from 0',
    `event_time`       DateTime64(3, 'UTC') COMMENT 'When the request arrived, a pure function of the row',
    `ingested_at`      DateTime64(3, 'UTC') DEFAULT event_time COMMENT 'When the deciding system could have known the row',
    `decided_at`       Nullable(DateTime64(3, 'UTC')) COMMENT 'When the decision was made, if it is known',
    `stored_at`        DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was written here; retention and version only',
    `simulated`        Bool COMMENT 'Made by a simulator',
    `client`           String COMMENT 'Identifier of the client',
    `client_pseudonym` String COMMENT 'Pseudonym of the client',
    `ip`               String COMMENT 'Address of the client',
    `ip_subnet`        String COMMENT 'Its /24 or /48',
    `ip_pseudonym`     String COMMENT 'Pseudonym of the address',
    `asn`              Nullable(UInt32) COMMENT 'Autonomous system of the address',
    `country`          LowCardinality(String) COMMENT 'ISO 3166 code of the address',
    `method`           LowCardinality(String) COMMENT 'HTTP method',
    `host`             String COMMENT 'Host asked for',
    `path`             String COMMENT 'Path asked for',
    `status`           Nullable(UInt16) COMMENT 'HTTP status of the answer',
    `bytes_sent`       Nullable(UInt64) COMMENT 'Bytes of the answer',
    `duration_ms`      Nullable(Float64) COMMENT 'Time to answer, ms',
    `user_agent`       String COMMENT 'User-Agent as sent',
    `key_id`           LowCardinality(String) COMMENT 'Which key made the pseudonyms',
    `attributes`       Map(String, String) COMMENT 'What else the service knows, by name'
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY event_id
COMMENT 'Requests to a service';

CREATE OR REPLACE VIEW request AS
SELECT
    t.`event_id` AS `event_id`,
    t.`source` AS `source`,
    t.`origin` AS `origin`,
    t.`position` AS `position`,
    t.`event_time` AS `event_time`,
    t.`ingested_at` AS `ingested_at`,
    t.`decided_at` AS `decided_at`,
    t.`simulated` AS `simulated`,
    t.`client` AS `client`,
    t.`client_pseudonym` AS `client_pseudonym`,
    t.`ip` AS `ip`,
    t.`ip_subnet` AS `ip_subnet`,
    t.`ip_pseudonym` AS `ip_pseudonym`,
    t.`asn` AS `asn`,
    t.`country` AS `country`,
    t.`method` AS `method`,
    t.`host` AS `host`,
    t.`path` AS `path`,
    t.`status` AS `status`,
    t.`bytes_sent` AS `bytes_sent`,
    t.`duration_ms` AS `duration_ms`,
    t.`user_agent` AS `user_agent`,
    t.`key_id` AS `key_id`,
    t.`attributes` AS `attributes`
FROM request_events AS t FINAL;
