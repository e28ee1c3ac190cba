WITH
    -- The first and the last moment that is asked for, ms.
    (
        SELECT (min(assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time)))), max(assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time)))))
        FROM {{login}}
        WHERE event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')}
        AND greatest(event_time, ifNull(ingested_at, event_time)) < {as_of:DateTime64(3, 'UTC')}
        AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, source))
        AND (simulated = 0 OR {with_simulated:Bool})
    ) AS span,
    elements AS
    (
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            what,
            g1,
            g2
        FROM
        (
            SELECT
                assumeNotNull(toUnixTimestamp64Milli(greatest(event_time, ifNull(ingested_at, event_time)))) AS k,
                event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')} AS is_asked,
                if(is_asked, assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time))), toInt64(9007199254740992)) AS m,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 1, 16)))) + throwIf(NOT match(event_id, '^[0-9a-f]{32}$'), 'an event_id is not 32 hex digits') AS id_hi,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 17, 16)))) AS id_lo,
                toUInt8(0) AS what,
                if(notEmpty(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)), greatest(sipHash64(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)), 1024), id_lo % 1024) AS g1,
                if(notEmpty(if(notEmpty(`account_pseudonym`), `account_pseudonym`, `account`)), greatest(sipHash64(if(notEmpty(`account_pseudonym`), `account_pseudonym`, `account`)), 1024), id_lo % 1024) AS g2
            FROM {{login}} AS e
            WHERE greatest(event_time, ifNull(ingested_at, event_time)) < {as_of:DateTime64(3, 'UTC')}
                AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, source))
                AND (simulated = 0 OR {with_simulated:Bool})
                AND ((k >= span.1 - 86400000 AND k < span.2) OR (event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')}))
                AND event_time < greatest({until:DateTime64(3, 'UTC')}, fromUnixTimestamp64Milli(span.2, 'UTC'))
        )
        UNION ALL
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            what,
            g1,
            g2
        FROM
        (
            SELECT
                assumeNotNull(toUnixTimestamp64Milli(greatest(event_time, ifNull(ingested_at, event_time)))) AS k,
                0 AS is_asked,
                if(is_asked, assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time))), toInt64(9007199254740992)) AS m,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 1, 16)))) + throwIf(NOT match(event_id, '^[0-9a-f]{32}$'), 'an event_id is not 32 hex digits') AS id_hi,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 17, 16)))) AS id_lo,
                toUInt8(1) AS what,
                if(notEmpty(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)), greatest(sipHash64(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)), 1024), id_lo % 1024) AS g1,
                id_lo % 1024 AS g2
            FROM {{signup}} AS e
            WHERE greatest(event_time, ifNull(ingested_at, event_time)) < {as_of:DateTime64(3, 'UTC')}
                AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, source))
                AND (simulated = 0 OR {with_simulated:Bool})
                AND ((k >= span.1 - 86400000 AND k < span.2))
                AND event_time < greatest({until:DateTime64(3, 'UTC')}, fromUnixTimestamp64Milli(span.2, 'UTC'))
        )
    ),
    stage_1 AS
    (
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            what,
            g2,
            toFloat32(if(unknown, nan, b_r0)) AS r0
        FROM
        (
            SELECT
                *,
                arrayFilter((x, y) -> bitAnd(y, 31) = 0, counted, points) AS now,
                arrayFilter((x, y) -> bitAnd(y, 31) = 1, counted, points) AS before_1d
            FROM
            (
                SELECT
                    *,
                    arrayCumSum(x -> bitAnd(x, 31) = 31, points) AS counted
                FROM
                (
                    SELECT
                        *,
                        arrayResize(a_k, length(asked)) AS asked_k,
                        arraySort(arrayConcat(arrayMap(x -> x * 32 + 31, arrayFilter((x, y) -> y = 1, a_k, a_what)), arrayMap(x -> x * 32, asked), arrayMap(x -> ((x - 86400000)) * 32 + 1, asked))) AS points
                    FROM
                    (
                        SELECT
                            *,
                            arrayFilter(x -> x < toInt64(9007199254740992), a_m) AS asked
                        FROM
                        (
                            SELECT
                                *,
                                elements.1 AS a_m,
                                elements.2 AS a_k,
                                elements.3 AS a_id_hi,
                                elements.4 AS a_id_lo,
                                elements.5 AS a_what,
                                elements.6 AS a_g2
                            FROM
                            (
                                SELECT
                                    g1 < 1024 AS unknown,
                                    arraySort(x -> x.1, arrayZip(groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(what), groupArray(g2))) AS elements
                                FROM elements
                                GROUP BY g1
                            )
                        )
                    )
                )
            )
        )
        ARRAY JOIN
            a_m AS m,
            a_k AS k,
            a_id_hi AS id_hi,
            a_id_lo AS id_lo,
            a_what AS what,
            a_g2 AS g2,
            arrayResize(arrayMap((x, y) -> toFloat64(x) - y, now, before_1d), length(a_m), nan) AS b_r0
    ),
    stage_2 AS
    (
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            what,
            r0,
            toFloat32(if(unknown, nan, b_r1)) AS r1
        FROM
        (
            SELECT
                *,
                arrayFilter((x, y) -> bitAnd(y, 31) = 0, counted, points) AS now,
                arrayFilter((x, y) -> bitAnd(y, 31) = 1, counted, points) AS before_1h
            FROM
            (
                SELECT
                    *,
                    arrayCumSum(x -> bitAnd(x, 31) = 31, points) AS counted
                FROM
                (
                    SELECT
                        *,
                        arrayResize(a_k, length(asked)) AS asked_k,
                        arraySort(arrayConcat(arrayMap(x -> x * 32 + 31, arrayFilter((x, y) -> y = 0, a_k, a_what)), arrayMap(x -> x * 32, asked), arrayMap(x -> ((x - 3600000)) * 32 + 1, asked))) AS points
                    FROM
                    (
                        SELECT
                            *,
                            arrayFilter(x -> x < toInt64(9007199254740992), a_m) AS asked
                        FROM
                        (
                            SELECT
                                *,
                                elements.1 AS a_m,
                                elements.2 AS a_k,
                                elements.3 AS a_id_hi,
                                elements.4 AS a_id_lo,
                                elements.5 AS a_what,
                                elements.6 AS a_r0
                            FROM
                            (
                                SELECT
                                    g2 < 1024 AS unknown,
                                    arraySort(x -> x.1, arrayZip(groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(what), groupArray(r0))) AS elements
                                FROM stage_1
                                GROUP BY g2
                            )
                        )
                    )
                )
            )
        )
        ARRAY JOIN
            a_m AS m,
            a_k AS k,
            a_id_hi AS id_hi,
            a_id_lo AS id_lo,
            a_what AS what,
            a_r0 AS r0,
            arrayResize(arrayMap((x, y, m, k) -> toFloat64(x) - y - (k < m AND k >= (m - 3600000)), now, before_1h, asked, asked_k), length(a_m), nan) AS b_r1
    )
SELECT
    lower(concat(leftPad(hex(id_hi), 16, '0'), leftPad(hex(id_lo), 16, '0'))) AS event_id,
    r0 AS `signup.count_by_ip_1d`,
    r1 AS `login.count_by_account_1h`
FROM stage_2
WHERE m < 9007199254740992
