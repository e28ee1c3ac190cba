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
                if(notEmpty(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)), greatest(sipHash64(if(notEmpty(`ip_pseudonym`), `ip_pseudonym`, `ip`)), 1024), id_lo % 1024) AS g1,
                if(notEmpty(toString(`ip_subnet`)) AND notEmpty(toString(`name_pattern`)), greatest(sipHash64(toString(`ip_subnet`), toString(`name_pattern`)), 1024), id_lo % 1024) AS g2
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
            g2,
            toFloat32(if(unknown, nan, b_r0)) AS r0,
            toFloat32(if(unknown, nan, b_r1)) AS r1,
            toFloat32(if(unknown, nan, b_r3)) AS r3
        FROM
        (
            SELECT
                *,
                arrayFilter((x, y) -> bitAnd(y, 31) = 0, counted, points) AS now,
                arrayFilter((x, y) -> bitAnd(y, 31) = 1, counted, points) AS before_1h,
                arrayFilter((x, y) -> bitAnd(y, 31) = 2, counted, points) AS before_7d
            FROM
            (
                SELECT
                    *,
                    arrayCumSum(x -> bitAnd(x, 31) = 31, points) AS counted,
                    arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayFill(x -> bitAnd(x, 31) = 31, points), points) AS last
                FROM
                (
                    SELECT
                        *,
                        arrayResize(a_k, length(asked)) AS asked_k,
                        arraySort(arrayConcat(arrayMap(x -> x * 32 + 31, a_k), arrayMap(x -> x * 32, asked), arrayMap(x -> ((x - 3600000)) * 32 + 1, asked), arrayMap(x -> (((x - 604800000) - positiveModulo((x - 604800000), 3600000))) * 32 + 2, asked))) AS points
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
                                elements.6 AS before,
                                elements.7 AS behind
                            FROM
                            (
                                SELECT
                                    *,
                                    arraySort(x -> x.1, arrayZip(rows_of.2, rows_of.3, rows_of.4, rows_of.5, rows_of.6, earlier, later)) AS elements
                                FROM
                                (
                                    SELECT
                                        *,
                                        arrayPushFront(arrayPopBack(rows_of.1), -toInt64(9007199254740992)) AS earlier,
                                        arrayPushBack(arrayPopFront(rows_of.1), toInt64(9007199254740992)) AS later
                                    FROM
                                    (
                                        SELECT
                                            g1 < 1024 AS unknown,
                                            arraySort(x -> x.1, arrayZip(groupArray(k), groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(g2))) AS rows_of
                                        FROM elements
                                        GROUP BY g1
                                    )
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
            a_g2 AS g2,
            arrayResize(arrayMap((x, y, m, k) -> toFloat64(x) - y - (k < m AND k >= (m - 3600000)), now, before_1h, asked, asked_k), length(a_m), nan) AS b_r0,
            arrayResize(arrayMap((x, y, m, k) -> toFloat64(x) - y - (k < m AND k >= ((m - 604800000) - positiveModulo((m - 604800000), 3600000))), now, before_7d, asked, asked_k), length(a_m), nan) AS b_r1,
            arrayResize(arrayMap((t, m) -> if(t >= ((m - 2592000000) - positiveModulo((m - 2592000000), 3600000)), (m - t) / 1000, nan), arrayMap((x, k, p, n) -> multiIf(bitAnd(x, 31) != 31, -toInt64(9007199254740992), bitShiftRight(x, 5) != k, bitShiftRight(x, 5), n = k, k, p), last, asked_k, arrayResize(before, length(asked)), arrayResize(behind, length(asked))), asked), length(a_m), nan) AS b_r3
    ),
    stage_2 AS
    (
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            r0,
            r1,
            r3,
            toFloat32(if(unknown, nan, b_r2)) AS r2
        FROM
        (
            SELECT
                *,
                arrayFilter((x, y) -> bitAnd(y, 31) = 0, counted, points) AS now,
                arrayFilter((x, y) -> bitAnd(y, 31) = 1, counted, points) AS before_10m
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
                        arraySort(arrayConcat(arrayMap(x -> x * 32 + 31, a_k), arrayMap(x -> x * 32, asked), arrayMap(x -> ((x - 600000)) * 32 + 1, asked))) AS points
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
                                elements.5 AS a_r0,
                                elements.6 AS a_r1,
                                elements.7 AS a_r3
                            FROM
                            (
                                SELECT
                                    g2 < 1024 AS unknown,
                                    arraySort(x -> x.1, arrayZip(groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(r0), groupArray(r1), groupArray(r3))) AS elements
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
            a_r0 AS r0,
            a_r1 AS r1,
            a_r3 AS r3,
            arrayResize(arrayMap((x, y, m, k) -> toFloat64(x) - y - (k < m AND k >= (m - 600000)), now, before_10m, asked, asked_k), length(a_m), nan) AS b_r2
    )
SELECT
    lower(concat(leftPad(hex(id_hi), 16, '0'), leftPad(hex(id_lo), 16, '0'))) AS event_id,
    r0 AS `signup.count_by_ip_1h`,
    r1 AS `signup.count_by_ip_7d`,
    r2 AS `signup.count_by_ip_subnet_and_name_pattern_10m`,
    r3 AS `signup.recency_by_ip_30d`
FROM stage_2
WHERE m < 9007199254740992
