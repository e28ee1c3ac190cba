-- Sign-ups get the fingerprint that rows of one tool in one network share, made where a row is written.

ALTER TABLE signup_events ADD COLUMN IF NOT EXISTS `campaign` String
    DEFAULT if(name_pattern = '' OR ip_subnet = '' OR user_agent = '', '', lower(hex(sipHash64(name_pattern, ip_subnet, user_agent))))
    COMMENT 'Fingerprint of name pattern, subnet and agent, equal for sign-ups that are made alike; empty where one is unknown'
    AFTER time_zone;

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
    t.`campaign` AS `campaign`,
    t.`key_id` AS `key_id`,
    t.`attributes` AS `attributes`
FROM signup_events AS t FINAL;
