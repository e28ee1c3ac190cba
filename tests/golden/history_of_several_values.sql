WITH
    -- The first and the last moment that is asked for, ms.
    (
        SELECT (min(assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time)))), max(assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time)))))
        FROM {{mail}}
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
            v1
        FROM
        (
            SELECT
                assumeNotNull(toUnixTimestamp64Milli(greatest(event_time, ifNull(ingested_at, event_time)))) AS k,
                event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')} AS is_asked,
                if(is_asked, assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time))), toInt64(9007199254740992)) AS m,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 1, 16)))) + throwIf(NOT match(event_id, '^[0-9a-f]{32}$'), 'an event_id is not 32 hex digits') AS id_hi,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 17, 16)))) AS id_lo,
                arrayJoin(emptyArrayToSingle(arrayDistinct(arrayFilter(x -> notEmpty(x), arraySlice(`recipient_pseudonyms`, 1, 50))))) AS one_value,
                if(notEmpty(toString(`sender_pseudonym`)) AND notEmpty(one_value), greatest(sipHash64(toString(`sender_pseudonym`), v1), 1024), id_lo % 1024) AS h1,
                if(notEmpty(toString(`sender_pseudonym`)), greatest(sipHash64(toString(`sender_pseudonym`)), 1024), id_lo % 1024) AS g1,
                if(notEmpty(one_value), toUInt64(greatest(sipHash64(one_value), 1)), 0) AS v1
            FROM {{mail}} AS e
            WHERE greatest(event_time, ifNull(ingested_at, event_time)) < {as_of:DateTime64(3, 'UTC')}
                AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, source))
                AND (simulated = 0 OR {with_simulated:Bool})
                AND ((k >= span.1 - 604800000 AND k < span.2) OR (event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')}))
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
            v1,
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
                            elements.6 AS a_v1,
                            elements.7 AS before,
                            elements.8 AS behind
                        FROM
                        (
                            SELECT
                                *,
                                arraySort(x -> x.1, arrayZip(rows_of.2, rows_of.3, rows_of.4, rows_of.5, rows_of.6, rows_of.7, earlier, later)) AS elements
                            FROM
                            (
                                SELECT
                                    *,
                                    arrayPushFront(arrayPopBack(rows_of.1), -toInt64(9007199254740992)) AS earlier,
                                    arrayPushBack(arrayPopFront(rows_of.1), toInt64(9007199254740992)) AS later
                                FROM
                                (
                                    SELECT
                                        arraySort(x -> x.1, arrayZip(groupArray(k), groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(g1), groupArray(v1))) AS rows_of
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
            a_v1 AS v1,
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
            toFloat32(if(unknown, nan, b_r0)) AS r0,
            toFloat32(if(unknown, nan, b_q0)) AS q0
        FROM
        (
            SELECT
                *,
                arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayCumSum(x -> toInt64(bitAnd(x, 31) = 1) - toInt64(bitAnd(x, 31) = 2), alive_1_7d), alive_1_7d) AS distinct_1_7d,
                arrayMap((m, k, v, o) -> if(v > 0 AND k < m AND k >= ((m - 604800000) - positiveModulo((m - 604800000), 3600000)) AND o < ((m - 604800000) - positiveModulo((m - 604800000), 3600000)), 1, 0), asked, asked_k, arrayResize(a_v1, length(asked)), arrayResize(a_o1, length(asked))) AS own_1_7d
            FROM
            (
                SELECT
                    *,
                    arrayResize(a_k, length(asked)) AS asked_k,
                    arraySort(arrayConcat(arrayMap(x -> x * 32, asked), arrayMap(x -> x * 32 + 1, arrayFilter((k, p, v) -> v > 0 AND (p - positiveModulo(p, 3600000) + 608399999) < k, a_k, a_p1, a_v1)), arrayMap(k -> ((k - positiveModulo(k, 3600000) + 608399999)) * 32 + 2, arrayFilter((k, n, v) -> v > 0 AND n > (k - positiveModulo(k, 3600000) + 608399999), a_k, a_n1, a_v1)))) AS alive_1_7d
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
                            elements.5 AS a_v1,
                            elements.6 AS a_p1,
                            elements.7 AS a_n1,
                            elements.8 AS a_o1
                        FROM
                        (
                            SELECT
                                g1 < 1024 AS unknown,
                                arraySort(x -> x.1, arrayZip(groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(v1), groupArray(p1), groupArray(n1), groupArray(o1))) AS elements
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
            arrayResize(arrayMap(x -> toFloat64(x), distinct_1_7d), length(a_m), nan) AS b_r0,
            arrayResize(arrayMap(x -> toFloat64(x), own_1_7d), length(a_m), nan) AS b_q0
    )
SELECT
    lower(concat(leftPad(hex(id_hi), 16, '0'), leftPad(hex(id_lo), 16, '0'))) AS event_id,
    toFloat32(if(isNaN(any(r0)), nan, least(max(r0) - sum(q0), 100))) AS `mail.distinct_recipient_by_sender_7d`
FROM stage_2
WHERE m < 9007199254740992
GROUP BY
    id_hi, id_lo
