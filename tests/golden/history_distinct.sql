WITH
    -- The first and the last moment that is asked for, ms.
    (
        SELECT (min(assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time)))), max(assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time)))))
        FROM {{signup}}
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
            h1,
            g1,
            g2,
            g3,
            v1,
            s0
        FROM
        (
            SELECT
                assumeNotNull(toUnixTimestamp64Milli(greatest(event_time, ifNull(ingested_at, event_time)))) AS k,
                event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')} AS is_asked,
                if(is_asked, assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time))), toInt64(9007199254740992)) AS m,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 1, 16)))) + throwIf(NOT match(event_id, '^[0-9a-f]{32}$'), 'an event_id is not 32 hex digits') AS id_hi,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 17, 16)))) AS id_lo,
                if(notEmpty(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)) AND notEmpty(if(notEmpty(`user_pseudonym`), `user_pseudonym`, lowerUTF8(`user_name`))), greatest(sipHash64(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`), v1), 1024), id_lo % 1024) AS h1,
                if(notEmpty(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)), greatest(sipHash64(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)), 1024), id_lo % 1024) AS g1,
                if(notEmpty(if(notEmpty(`device_pseudonym`), `device_pseudonym`, `device`)), greatest(sipHash64(if(notEmpty(`device_pseudonym`), `device_pseudonym`, `device`)), 1024), id_lo % 1024) AS g2,
                if(notEmpty(toString(`email_domain`)), greatest(sipHash64(toString(`email_domain`)), 1024), id_lo % 1024) AS g3,
                if(notEmpty(if(notEmpty(`user_pseudonym`), `user_pseudonym`, lowerUTF8(`user_name`))), toUInt64(greatest(sipHash64(if(notEmpty(`user_pseudonym`), `user_pseudonym`, lowerUTF8(`user_name`))), 1)), 0) AS v1,
                if(isFinite(ifNull(toFloat64(`form_seconds`), nan)), toInt64(floor(least(greatest(ifNull(toFloat64(`form_seconds`), nan) / 0.001, -1099511627776.0), 1099511627776.0) + 0.5)), 0) AS s0
            FROM {{signup}} AS e
            WHERE greatest(event_time, ifNull(ingested_at, event_time)) < {as_of:DateTime64(3, 'UTC')}
                AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, source))
                AND (simulated = 0 OR {with_simulated:Bool})
                AND ((k >= span.1 - 2592000000 AND k < span.2) OR (event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')}))
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
            g1,
            g2,
            g3,
            v1,
            s0,
            p1,
            n1,
            o1
        FROM
        (
            SELECT
                *,
                arrayMap((x, k, p, n) -> multiIf(bitAnd(x, 31) != 31, -toInt64(9007199254740992), bitShiftRight(x, 5) != k, bitShiftRight(x, 5), n = k, k, p), last, a_k, before, behind) AS other
            FROM
            (
                SELECT
                    *,
                    arrayResize(arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayFill(x -> bitAnd(x, 31) = 31, points), points), length(a_m), toInt64(0)) AS last
                FROM
                (
                    SELECT
                        *,
                        arraySort(arrayConcat(arrayMap(x -> x * 32 + 31, a_k), arrayMap(x -> x * 32, arrayFilter(x -> x < toInt64(9007199254740992), a_m)))) AS points
                    FROM
                    (
                        SELECT
                            *,
                            elements.1 AS a_m,
                            elements.2 AS a_k,
                            elements.3 AS a_id_hi,
                            elements.4 AS a_id_lo,
                            elements.5 AS a_g1,
                            elements.6 AS a_g2,
                            elements.7 AS a_g3,
                            elements.8 AS a_v1,
                            elements.9 AS a_s0,
                            elements.10 AS before,
                            elements.11 AS behind
                        FROM
                        (
                            SELECT
                                *,
                                arraySort(x -> x.1, arrayZip(rows_of.2, rows_of.3, rows_of.4, rows_of.5, rows_of.6, rows_of.7, rows_of.8, rows_of.9, rows_of.10, earlier, later)) AS elements
                            FROM
                            (
                                SELECT
                                    *,
                                    arrayPushFront(arrayPopBack(rows_of.1), -toInt64(9007199254740992)) AS earlier,
                                    arrayPushBack(arrayPopFront(rows_of.1), toInt64(9007199254740992)) AS later
                                FROM
                                (
                                    SELECT
                                        arraySort(x -> x.1, arrayZip(groupArray(k), groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(g1), groupArray(g2), groupArray(g3), groupArray(v1), groupArray(s0))) AS rows_of
                                    FROM elements
                                    GROUP BY h1
                                )
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
            a_g1 AS g1,
            a_g2 AS g2,
            a_g3 AS g3,
            a_v1 AS v1,
            a_s0 AS s0,
            before AS p1,
            behind AS n1,
            other AS o1
    ),
    stage_2 AS
    (
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            g2,
            g3,
            s0,
            toFloat32(if(unknown, nan, b_r0)) AS r0
        FROM
        (
            SELECT
                *,
                arrayMap((x, m, k, v, o) -> x - if(v > 0 AND k < m AND k >= (m - 86400000) AND o < (m - 86400000), 1, 0), arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayCumSum(x -> toInt64(bitAnd(x, 31) = 1) - toInt64(bitAnd(x, 31) = 2), alive_1_1d), alive_1_1d), asked, asked_k, arrayResize(a_v1, length(asked)), arrayResize(a_o1, length(asked))) AS distinct_1_1d
            FROM
            (
                SELECT
                    *,
                    arrayResize(a_k, length(asked)) AS asked_k,
                    arraySort(arrayConcat(arrayMap(x -> x * 32, asked), arrayMap(x -> x * 32 + 1, arrayFilter((k, p, v) -> v > 0 AND (p + 86400000) < k, a_k, a_p1, a_v1)), arrayMap(k -> ((k + 86400000)) * 32 + 2, arrayFilter((k, n, v) -> v > 0 AND n > (k + 86400000), a_k, a_n1, a_v1)))) AS alive_1_1d
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
                            elements.5 AS a_g2,
                            elements.6 AS a_g3,
                            elements.7 AS a_v1,
                            elements.8 AS a_s0,
                            elements.9 AS a_p1,
                            elements.10 AS a_n1,
                            elements.11 AS a_o1
                        FROM
                        (
                            SELECT
                                g1 < 1024 AS unknown,
                                arraySort(x -> x.1, arrayZip(groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(g2), groupArray(g3), groupArray(v1), groupArray(s0), groupArray(p1), groupArray(n1), groupArray(o1))) AS elements
                            FROM stage_1
                            GROUP BY g1
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
            a_g2 AS g2,
            a_g3 AS g3,
            a_s0 AS s0,
            arrayResize(arrayMap(x -> toFloat64(least(x, 100)), distinct_1_1d), length(a_m), nan) AS b_r0
    ),
    stage_3 AS
    (
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            g3,
            s0,
            r0,
            toFloat32(if(unknown, nan, b_r1)) AS r1
        FROM
        (
            SELECT
                *,
                arrayMap((x, y, m, k, s) -> x - y - if(k < m AND k >= (m - 86400000), s, 0), total0_now, arrayFilter((x, y) -> bitAnd(y, 31) = 1, total0, total0_points), asked, asked_k, arrayResize(a_s0, length(asked))) AS sum0_1d
            FROM
            (
                SELECT
                    *,
                    arrayFilter((x, y) -> bitAnd(y, 31) = 0, total0, total0_points) AS total0_now
                FROM
                (
                    SELECT
                        *,
                        arraySort(total0_times) AS total0_points,
                        arrayCumSum(arraySort((x, y) -> y, arrayResize(a_s0, length(total0_times), toInt64(0)), total0_times)) AS total0
                    FROM
                    (
                        SELECT
                            *,
                            arrayResize(a_k, length(asked)) AS asked_k,
                            arrayConcat(arrayMap(x -> x * 32 + 31, a_k), arrayMap(x -> x * 32, asked), arrayMap(x -> ((x - 86400000)) * 32 + 1, asked)) AS total0_times
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
                                    elements.5 AS a_g3,
                                    elements.6 AS a_s0,
                                    elements.7 AS a_r0
                                FROM
                                (
                                    SELECT
                                        g2 < 1024 AS unknown,
                                        arraySort(x -> x.1, arrayZip(groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(g3), groupArray(s0), groupArray(r0))) AS elements
                                    FROM stage_2
                                    GROUP BY g2
                                )
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
            a_g3 AS g3,
            a_s0 AS s0,
            a_r0 AS r0,
            arrayResize(arrayMap(x -> toFloat64(x) * 0.001, sum0_1d), length(a_m), nan) AS b_r1
    ),
    stage_4 AS
    (
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            s0,
            r0,
            r1,
            toFloat32(if(unknown, nan, b_r2)) AS r2
        FROM
        (
            SELECT
                *,
                arrayFilter((x, y) -> bitAnd(y, 31) = 1, arrayReverseFill(x -> bitAnd(x, 31) = 31, points), points) AS first_30d
            FROM
            (
                SELECT
                    *,
                    arrayResize(a_k, length(asked)) AS asked_k,
                    arraySort(arrayConcat(arrayMap(x -> x * 32 + 31, a_k), arrayMap(x -> x * 32, asked), arrayMap(x -> (((x - 2592000000) - positiveModulo((x - 2592000000), 3600000))) * 32 + 1, asked))) AS points
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
                            elements.5 AS a_s0,
                            elements.6 AS a_r0,
                            elements.7 AS a_r1,
                            elements.8 AS before,
                            elements.9 AS behind
                        FROM
                        (
                            SELECT
                                *,
                                arraySort(x -> x.1, arrayZip(rows_of.2, rows_of.3, rows_of.4, rows_of.5, rows_of.6, rows_of.7, rows_of.8, earlier, later)) AS elements
                            FROM
                            (
                                SELECT
                                    *,
                                    arrayPushFront(arrayPopBack(rows_of.1), -toInt64(9007199254740992)) AS earlier,
                                    arrayPushBack(arrayPopFront(rows_of.1), toInt64(9007199254740992)) AS later
                                FROM
                                (
                                    SELECT
                                        g3 < 1024 AS unknown,
                                        arraySort(x -> x.1, arrayZip(groupArray(k), groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(s0), groupArray(r0), groupArray(r1))) AS rows_of
                                    FROM stage_3
                                    GROUP BY g3
                                )
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
            a_s0 AS s0,
            a_r0 AS r0,
            a_r1 AS r1,
            arrayResize(arrayMap((t, m) -> if(t < m, (m - t) / 1000, nan), arrayMap((x, k, p, n) -> multiIf(bitAnd(x, 31) != 31, toInt64(9007199254740992), bitShiftRight(x, 5) != k, bitShiftRight(x, 5), p = k, k, n), first_30d, asked_k, arrayResize(before, length(asked)), arrayResize(behind, length(asked))), asked), length(a_m), nan) AS b_r2
    )
SELECT
    lower(concat(leftPad(hex(id_hi), 16, '0'), leftPad(hex(id_lo), 16, '0'))) AS event_id,
    r0 AS `signup.distinct_user_name_by_ip_1d`,
    r1 AS `signup.sum_form_seconds_by_device_1d`,
    r2 AS `signup.first_seen_by_email_domain_30d`
FROM stage_4
WHERE m < 9007199254740992
