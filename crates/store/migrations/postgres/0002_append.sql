-- A batch of messages in one call, and so in one transaction that no client can leave open.
-- READ COMMITTED: every statement sees what was committed before it began.
--
-- 1  The chats' locks in id order. They come before any look at a session, so a revocation that
--    waits for who holds a lock of the table then waits for this one.
-- 2  A fresh look gives a verdict per row: 1 revoked, 2 known, 3 no chat, 4 no member, 0 goes in;
--    and 5, twin, to who says the same id again within the batch.
-- 3  Numbers for those that go in.
-- 4  Events, chats, the cursors of senders and of who looks on (rows locked in key order), and one
--    row of the outbox.
--
-- Rows of p_present: the number of a row of the batch, and who has its chat open.
-- A change of its shape gets another name, so that nodes of two versions can run together.
CREATE FUNCTION append_v1(
    p_at bigint, p_chat uuid[], p_session uuid[], p_user uuid[], p_id uuid[], p_client text[],
    p_content text[], p_from uuid[], p_original uuid[], p_present_row bigint[], p_present uuid[],
    OUT verdicts bigint[], OUT seqs bigint[], OUT nos bigint[], OUT ats bigint[],
    OUT chats uuid[], OUT starts bigint[], OUT sizes bigint[],
    OUT moved_chats uuid[], OUT moved_users uuid[], OUT delivered_from bigint[],
    OUT delivered_to bigint[], OUT read_from bigint[], OUT read_to bigint[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    n int := cardinality(p_chat);
    fine bigint := 0;
    twins boolean;
    heads bigint[];
    head_nos bigint[];
    head_ats bigint[];
    new_ids uuid[] := '{}';
    read_nos bigint[];
    k int;
    v bigint;
BEGIN
    SELECT array_agg(q.id), array_agg(q.last_seq), array_agg(q.msg_no), array_agg(q.last_at),
            array_agg(q.members) INTO chats, heads, head_nos, head_ats, sizes
        FROM (SELECT c.id, c.last_seq, c.msg_no, c.last_at, c.members FROM chats c
            WHERE c.id = ANY (p_chat) ORDER BY c.id FOR NO KEY UPDATE) q;
    starts := heads;

    SELECT array_agg(CASE WHEN f.live IS NOT TRUE THEN 1 WHEN f.known IS NOT NULL THEN 2
                WHEN f.chat = ANY (chats) IS NOT TRUE THEN 3 WHEN f.member IS NULL THEN 4
                ELSE 0 END ORDER BY f.ord), n > 1 AND count(DISTINCT f.id) < n
            INTO verdicts, twins
        FROM (SELECT u.chat, u.id, u.ord,
                (SELECT s.user_id = u.usr AND s.revoked_at IS NULL AND s.expires_at > p_at
                    FROM sessions s WHERE s.id = u.session) AS live,
                (SELECT e.seq FROM events e WHERE e.id = u.id) AS known,
                (SELECT m.joined_seq FROM members m WHERE m.chat_id = u.chat
                    AND m.user_id = u.usr AND m.left_seq IS NULL) AS member
            FROM unnest(p_chat, p_session, p_user, p_id) WITH ORDINALITY
                u (chat, session, usr, id, ord) OFFSET 0) f;

    seqs := array_fill(NULL::bigint, ARRAY[n]);
    nos := seqs;
    ats := seqs;
    FOR i IN 1..n LOOP
        v := verdicts[i];
        IF v = 0 AND twins THEN
            IF p_id[i] = ANY (new_ids) THEN
                verdicts[i] := 5;
                v := 5;
            ELSE
                new_ids := new_ids || p_id[i];
            END IF;
        END IF;
        IF v = 0 THEN
            k := array_position(chats, p_chat[i]);
            heads[k] := heads[k] + 1;
            head_nos[k] := head_nos[k] + 1;
            IF head_ats[k] < p_at THEN
                head_ats[k] := p_at;
            END IF;
            seqs[i] := heads[k];
            nos[i] := head_nos[k];
            ats[i] := head_ats[k];
            fine := fine + 1;
        END IF;
    END LOOP;
    IF fine = 0 THEN
        RETURN;
    END IF;

    INSERT INTO events (chat_id, seq, msg_no, at, kind, actor, id, content, client_id,
            forwarded_from, original_sender)
        SELECT u.chat, u.seq, u.no, u.at, 1, u.usr, u.id, u.content, u.client, u.source, u.original
        FROM unnest(p_chat, seqs, nos, ats, p_user, p_id, p_content, p_client, p_from, p_original)
            u (chat, seq, no, at, usr, id, content, client, source, original)
        WHERE u.seq IS NOT NULL;
    UPDATE chats c SET last_seq = heads[array_position(chats, c.id)],
            msg_no = head_nos[array_position(chats, c.id)],
            last_at = head_ats[array_position(chats, c.id)],
            last_message = heads[array_position(chats, c.id)]
        WHERE c.id = ANY (ARRAY (SELECT u.id FROM unnest(chats, starts, heads) u (id, start, seq)
            WHERE u.seq > u.start));

    SELECT array_agg(w.chat), array_agg(w.usr), array_agg(m.delivered_seq),
            array_agg(greatest(m.delivered_seq, w.upto)), array_agg(m.read_seq),
            array_agg(greatest(m.read_seq, w.own)), array_agg(w.own_no)
        INTO moved_chats, moved_users, delivered_from, delivered_to, read_from, read_to, read_nos
        FROM (SELECT s.chat, s.usr, max(s.seq) AS upto, max(s.own) AS own, max(s.no) AS own_no
            FROM (SELECT u.chat, u.usr, u.seq, u.seq AS own, u.no
                    FROM unnest(p_chat, p_user, seqs, nos) u (chat, usr, seq, no)
                    WHERE u.seq IS NOT NULL
                UNION ALL SELECT p_chat[p.ord], p.usr, seqs[p.ord], NULL, NULL
                    FROM unnest(p_present_row, p_present) p (ord, usr)
                    WHERE seqs[p.ord] IS NOT NULL) s
            GROUP BY s.chat, s.usr ORDER BY s.chat, s.usr) w
        CROSS JOIN LATERAL (SELECT m.delivered_seq, m.read_seq FROM members m
            WHERE m.chat_id = w.chat AND m.user_id = w.usr AND m.left_seq IS NULL
                AND m.delivered_seq < w.upto FOR NO KEY UPDATE) m;
    -- They are locked, so they stay where they are found.
    UPDATE members m SET delivered_seq = u.delivered, read_seq = u.read,
            read_no = coalesce(u.no, m.read_no)
        FROM (SELECT u.*, (SELECT x.ctid FROM members x
                WHERE x.chat_id = u.chat AND x.user_id = u.usr) AS place
            FROM unnest(moved_chats, moved_users, delivered_to, read_to, read_nos)
                u (chat, usr, delivered, read, no) OFFSET 0) u
        WHERE m.ctid = u.place;

    INSERT INTO outbox (at, chats, lows, highs)
        SELECT greatest(p_at, max(u.at)), array_agg(u.id), array_agg(u.start + 1), array_agg(u.seq)
        FROM unnest(chats, starts, heads, head_ats) u (id, start, seq, at) WHERE u.seq > u.start;
END $$;

-- The plans are those that a full database needs, whatever is in the tables when they are made: a
-- connection keeps its plans while the log grows. Joins of a small table may walk through all of
-- it; a subquery for each row cannot, and so all look-ups are such.
ALTER FUNCTION append_v1(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], uuid[], uuid[],
        bigint[], uuid[])
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
    SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off SET lock_timeout = '4s';

-- The same with its arguments in one text, JSON as hex, for who cannot send arguments.
CREATE FUNCTION append_packed_v1(
    p_all text,
    OUT verdicts bigint[], OUT seqs bigint[], OUT nos bigint[], OUT ats bigint[],
    OUT chats uuid[], OUT starts bigint[], OUT sizes bigint[],
    OUT moved_chats uuid[], OUT moved_users uuid[], OUT delivered_from bigint[],
    OUT delivered_to bigint[], OUT read_from bigint[], OUT read_to bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    a jsonb := convert_from(decode(p_all, 'hex'), 'UTF8')::jsonb;
    r record;
BEGIN
    SELECT array_agg((e ->> 'chat')::uuid ORDER BY n) AS chat,
            array_agg((e ->> 'session')::uuid ORDER BY n) AS session,
            array_agg((e ->> 'usr')::uuid ORDER BY n) AS usr,
            array_agg((e ->> 'id')::uuid ORDER BY n) AS id,
            array_agg(e ->> 'client' ORDER BY n) AS client,
            array_agg(e ->> 'content' ORDER BY n) AS content,
            array_agg((e ->> 'source')::uuid ORDER BY n) AS source,
            array_agg((e ->> 'original')::uuid ORDER BY n) AS original
        INTO r FROM jsonb_array_elements(a -> 'rows') WITH ORDINALITY j (e, n);
    SELECT * INTO verdicts, seqs, nos, ats, chats, starts, sizes, moved_chats, moved_users,
            delivered_from, delivered_to, read_from, read_to
        FROM append_v1((a ->> 'at')::bigint, r.chat, r.session, r.usr, r.id, r.client, r.content,
            r.source, r.original,
            ARRAY (SELECT e::bigint FROM jsonb_array_elements_text(a -> 'numbers')
                WITH ORDINALITY j (e, n) ORDER BY n),
            ARRAY (SELECT e::uuid FROM jsonb_array_elements_text(a -> 'users')
                WITH ORDINALITY j (e, n) ORDER BY n));
END $$;
