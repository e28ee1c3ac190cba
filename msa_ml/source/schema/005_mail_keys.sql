-- Mail gets further keys of histories, made where a row is written. Rows that were stored before have none: unknown.

ALTER TABLE mail_events ADD COLUMN IF NOT EXISTS `recipient_pseudonyms` Array(String)
    COMMENT 'Pseudonyms of the first 50 different addresses in To and Cc; empty = unknown'
    AFTER recipient_count;

ALTER TABLE mail_events ADD COLUMN IF NOT EXISTS `client_ip_pseudonym` String
    COMMENT 'Pseudonym of the address of the sending host; empty = unknown'
    AFTER recipient_pseudonyms;

ALTER TABLE mail_events ADD COLUMN IF NOT EXISTS `asn` Nullable(UInt32)
    COMMENT 'Autonomous system of the sending host, if the source says it'
    AFTER client_subnet;

ALTER TABLE mail_events ADD COLUMN IF NOT EXISTS `url_domains` Array(String)
    COMMENT 'Up to 20 registrable domains that the URLs of the mail lead to; empty = unknown, or there are none'
    AFTER campaign;

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
    t.`recipient_pseudonyms` AS `recipient_pseudonyms`,
    t.`client_ip_pseudonym` AS `client_ip_pseudonym`,
    t.`client_subnet` AS `client_subnet`,
    t.`asn` AS `asn`,
    t.`campaign` AS `campaign`,
    t.`url_domains` AS `url_domains`,
    t.`key_id` AS `key_id`,
    t.`raw` AS `raw`
FROM mail_events AS t FINAL;
