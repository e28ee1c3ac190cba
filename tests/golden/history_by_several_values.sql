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
    said_0 AS
    (
        SELECT
            label_id,
            subject,
            transform(label, {words_0:Array(String)}, {word_values_0:Array(Int8)}, toInt8(-1)) AS value,
            (transform(source, {sources_0:Array(String)}, {source_ranks_0:Array(Int32)}, toInt32(0)), assumeNotNull(toUnixTimestamp64Milli(labelled_at)), toString(source), label_id) AS weight,
            retracts,
            assumeNotNull(toUnixTimestamp64Milli(greatest(labelled_at, ifNull(ingested_at, labelled_at)))) AS known
        FROM {{label}}
        WHERE task = {task_0:String}
            AND subject_kind = 'event'
            AND greatest(labelled_at, ifNull(ingested_at, labelled_at)) < {as_of:DateTime64(3, 'UTC')}
    ),
    -- At each change the statement that holds from then on.
    holding_0 AS
    (
        SELECT
            subject,
            changed,
            argMaxIf((known, value), weight, known <= changed AND taken_back > changed) AS holds,
            countIf(known <= changed AND taken_back > changed) > 0 AS any_holds
        FROM
        (
            SELECT
                subject,
                groupArray((known, value, weight, taken_back)) AS statements,
                arrayJoin(arrayDistinct(arrayFilter(x -> x < toInt64(9007199254740992), arrayConcat(groupArray(known), groupArray(taken_back))))) AS changed
            FROM
            (
                SELECT
                    s.subject AS subject,
                    s.known AS known,
                    s.value AS value,
                    s.weight AS weight,
                    if(notEmpty(r.label_id), r.taken_back, toInt64(9007199254740992)) AS taken_back
                FROM said_0 AS s
                LEFT JOIN
                (
                    SELECT
                        retracts AS label_id,
                        min(known) AS taken_back
                    FROM said_0
                    WHERE notEmpty(retracts)
                    GROUP BY retracts
                ) AS r ON r.label_id = s.label_id
                WHERE empty(s.retracts)
            )
            GROUP BY subject
        )
        ARRAY JOIN
            statements.1 AS known,
            statements.2 AS value,
            statements.3 AS weight,
            statements.4 AS taken_back
        GROUP BY
            subject,
            changed
    ),
    labels_0 AS
    (
        SELECT
            subject,
            arrayFilter(x -> x.3 > -toInt64(9007199254740992), arrayMap(
                (began, ended, held) -> (began, ended, if(held.2 < 0, -toInt64(9007199254740992), held.1), held.2),
                sorted.1,
                arrayPushBack(arrayPopFront(sorted.1), toInt64(9007199254740992)),
                sorted.2)) AS items
        FROM
        (
            SELECT
                subject,
                arraySort(x -> x.1, groupArray((changed, if(any_holds, holds, (toInt64(0), toInt8(-1)))))) AS sorted
            FROM holding_0
            GROUP BY subject
        )
        WHERE notEmpty(items)
    ),
    elements AS
    (
        SELECT
            if(x.1 < 100, s.m, toInt64(9007199254740992)) AS m,
            x.4 AS k,
            id_hi,
            id_lo,
            x.1 AS what,
            x.2 AS began,
            x.3 AS ended,
            x.5 AS label,
            own0_known,
            own0_label,
            g1
        FROM
        (
            SELECT
                assumeNotNull(toUnixTimestamp64Milli(greatest(event_time, ifNull(ingested_at, event_time)))) AS k,
                event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')} AS is_asked,
                if(is_asked, assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time))), toInt64(9007199254740992)) AS m,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 1, 16)))) + throwIf(NOT match(event_id, '^[0-9a-f]{32}$'), 'an event_id is not 32 hex digits') AS id_hi,
                reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 17, 16)))) AS id_lo,
                arrayJoin(emptyArrayToSingle(arrayDistinct(arrayFilter(x -> notEmpty(x), arraySlice(`url_domains`, 1, 50))))) AS one_value,
                toUInt8(0) AS what,
                toInt64(0) AS began,
                toInt64(0) AS ended,
                toInt8(0) AS label,
                (arrayFirst(x -> x.1 < m AND m <= x.2, l0.items)).3 AS own0_known,
                (arrayFirst(x -> x.1 < m AND m <= x.2, l0.items)).4 AS own0_label,
                if(notEmpty(one_value), greatest(sipHash64(one_value), 1024), id_lo % 1024) AS g1,
                l0.items AS items_0
            FROM {{mail}} AS e
            LEFT JOIN labels_0 AS l0 ON l0.subject = e.event_id
            WHERE greatest(event_time, ifNull(ingested_at, event_time)) < {as_of:DateTime64(3, 'UTC')}
                AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, source))
                AND (simulated = 0 OR {with_simulated:Bool})
                AND ((k >= span.1 - 2592000000 AND k < span.2) OR (event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')}) OR notEmpty(l0.items))
                AND event_time < greatest({until:DateTime64(3, 'UTC')}, fromUnixTimestamp64Milli(span.2, 'UTC'))
        ) AS s
        ARRAY JOIN arrayConcat(
            [(s.what, s.began, s.ended, s.k, s.label)],
            arrayMap(x -> (toUInt8(100), x.1, x.2, x.3, x.4), s.items_0)) AS x
    ),
    stage_1 AS
    (
        SELECT
            m,
            k,
            id_hi,
            id_lo,
            what,
            began,
            ended,
            label,
            own0_known,
            own0_label,
            toFloat32(if(unknown, nan, b_r0)) AS r0,
            toFloat32(if(unknown, nan, b_r1)) AS r1,
            toFloat32(if(unknown, nan, b_r2)) AS r2
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
                    arrayCumSum(x -> bitAnd(x, 31) = 31, points) AS counted,
                    arrayFilter((x, y) -> bitAnd(y, 31) = 2, arrayReverseFill(x -> bitAnd(x, 31) = 31, points), points) AS first_30d,
                    arrayMap((x, m, k, v) -> x - (v = 0 AND k != 0 AND k >= ((m - 2592000000) - positiveModulo((m - 2592000000), 3600000))), arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayCumSum(x -> toInt64(bitAnd(x, 31) = 1) - toInt64(bitAnd(x, 31) = 2), holding_0_30d), holding_0_30d), asked, arrayResize(a_own0_known, length(asked)), arrayResize(a_own0_label, length(asked))) AS negative_0_30d,
                    arrayMap((x, m, k, v) -> x - (v = 1 AND k != 0 AND k >= ((m - 2592000000) - positiveModulo((m - 2592000000), 3600000))), arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayCumSum(x -> toInt64(bitAnd(x, 31) = 3) - toInt64(bitAnd(x, 31) = 4), holding_0_30d), holding_0_30d), asked, arrayResize(a_own0_known, length(asked)), arrayResize(a_own0_label, length(asked))) AS positive_0_30d
                FROM
                (
                    SELECT
                        *,
                        arrayResize(a_k, length(asked)) AS asked_k,
                        arraySort(arrayConcat(arrayMap(x -> x * 32 + 31, arrayFilter((x, y) -> y = 0, a_k, a_what)), arrayMap(x -> x * 32, asked), arrayMap(x -> ((x - 86400000)) * 32 + 1, asked), arrayMap(x -> (((x - 2592000000) - positiveModulo((x - 2592000000), 3600000))) * 32 + 2, asked))) AS points,
                        arraySort(arrayConcat(arrayMap(x -> x * 32, asked), arrayMap(x -> x.1 * 32 + 1 + 2 * x.4, held_0_30d), arrayMap(x -> least(x.2, (x.3 - positiveModulo(x.3, 3600000) + 2595599999)) * 32 + 2 + 2 * x.4, held_0_30d))) AS holding_0_30d
                    FROM
                    (
                        SELECT
                            *,
                            arrayFilter(x -> x < toInt64(9007199254740992), a_m) AS asked,
                            arrayFilter((x, y, b, e, k) -> y = 100 AND b < least(e, (k - positiveModulo(k, 3600000) + 2595599999)), arrayZip(a_began, a_ended, a_k, a_label), a_what, a_began, a_ended, a_k) AS held_0_30d
                        FROM
                        (
                            SELECT
                                *,
                                elements.1 AS a_m,
                                elements.2 AS a_k,
                                elements.3 AS a_id_hi,
                                elements.4 AS a_id_lo,
                                elements.5 AS a_what,
                                elements.6 AS a_began,
                                elements.7 AS a_ended,
                                elements.8 AS a_label,
                                elements.9 AS a_own0_known,
                                elements.10 AS a_own0_label,
                                elements.11 AS before,
                                elements.12 AS behind
                            FROM
                            (
                                SELECT
                                    *,
                                    arraySort(x -> x.1, arrayZip(rows_of.2, rows_of.3, rows_of.4, rows_of.5, rows_of.6, rows_of.7, rows_of.8, rows_of.9, rows_of.10, rows_of.11, earlier, later)) AS elements
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
                                            arraySort(x -> x.1, arrayZip(groupArray(if(what = 0, k, toInt64(9007199254740992))), groupArray(m), groupArray(k), groupArray(id_hi), groupArray(id_lo), groupArray(what), groupArray(began), groupArray(ended), groupArray(label), groupArray(own0_known), groupArray(own0_label))) AS rows_of
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
            a_what AS what,
            a_began AS began,
            a_ended AS ended,
            a_label AS label,
            a_own0_known AS own0_known,
            a_own0_label AS own0_label,
            arrayResize(arrayMap((x, y, m, k) -> toFloat64(x) - y - (k < m AND k >= (m - 86400000)), now, before_1d, asked, asked_k), length(a_m), nan) AS b_r0,
            arrayResize(arrayMap((t, m) -> if(t < m, (m - t) / 1000, nan), arrayMap((x, k, p, n) -> multiIf(bitAnd(x, 31) != 31, toInt64(9007199254740992), bitShiftRight(x, 5) != k, bitShiftRight(x, 5), p = k, k, n), first_30d, asked_k, arrayResize(before, length(asked)), arrayResize(behind, length(asked))), asked), length(a_m), nan) AS b_r1,
            arrayResize(arrayMap((x, y) -> if(x + y + toFloat64(5.0) > 0, (x + toFloat64(0.3) * toFloat64(5.0)) / (x + y + toFloat64(5.0)), nan), positive_0_30d, negative_0_30d), length(a_m), nan) AS b_r2
    )
SELECT
    lower(concat(leftPad(hex(id_hi), 16, '0'), leftPad(hex(id_lo), 16, '0'))) AS event_id,
    toFloat32(if(countIf(NOT isNaN(r0)) = 0, nan, maxIf(r0, NOT isNaN(r0)))) AS `mail.count_by_url_domain_1d`,
    toFloat32(if(countIf(NOT isNaN(r1)) = 0, nan, minIf(r1, NOT isNaN(r1)))) AS `mail.first_seen_by_url_domain_30d`,
    toFloat32(if(countIf(NOT isNaN(r2)) = 0, nan, maxIf(r2, NOT isNaN(r2)))) AS `mail.rate_spam_by_url_domain_30d`
FROM stage_1
WHERE m < 9007199254740992
GROUP BY
    id_hi, id_lo
