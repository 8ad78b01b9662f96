-- A batch of messages in one call, as append_v1 (which stays for nodes of the version before, and
-- for batches in which something is not fine). What costs a database most of a small batch are the
-- commit and the statements, and of a large one the look-ups of rows. So here everything is written
-- in two statements, each row found once, in the belief that all of the batch goes in; what
-- follows from the batch alone comes ready from the node. If a row may not go in (its session is
-- over, its sender no member, its id there, its chat not), all of it is undone, the answer is
-- empty, and append_v1 says of each row why.
--
-- 1  The chats grow, locked in id order. What is seen after that is not older than their locks, and
--    a revocation waits for who holds them.
-- 2  Under them: the members (rows of senders and of who looks on, locked in key order), the
--    sessions, and if these are fine the events, the cursors and one row of the outbox.
--
-- p_chats: the chats in id order, each once; p_counts: how many messages are for each.
-- p_sessions: the sessions, each once, p_owners: whose.
-- p_place: of each cursor that may move the place of its chat in p_chats, in order of (chat, user);
--   p_member: whose it is; p_upto and p_own: how many of the chat's new messages come after the
--   last one it receives, and after the last one that is its owner's (NULL: none is).
-- p_chat: of each message the place of its chat in p_chats; p_after: how many of the chat's new
--   messages come after it.
CREATE FUNCTION append_v2(
    p_at bigint, p_chats uuid[], p_counts bigint[], p_sessions uuid[], p_owners uuid[],
    p_place bigint[], p_member uuid[], p_upto bigint[], p_own bigint[], p_senders bigint,
    p_chat bigint[], p_after bigint[], p_user uuid[], p_id uuid[], p_client text[],
    p_content text[], p_from uuid[], p_original uuid[],
    OUT heads bigint[], OUT nos bigint[], OUT ats bigint[], OUT sizes bigint[],
    OUT moved bigint[], OUT delivered_from bigint[], OUT read_from bigint[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ids uuid[];
    spots tid[];
    fine boolean;
    done bigint;
BEGIN
    WITH grown AS (
        UPDATE chats c SET (last_seq, msg_no, last_at, last_message) = (
            SELECT c.last_seq + k.n, c.msg_no + k.n, greatest(c.last_at, p_at), c.last_seq + k.n
            FROM (SELECT p_counts[array_position(p_chats, c.id)] AS n OFFSET 0) k)
        WHERE c.id = ANY (p_chats)
        RETURNING c.id, c.last_seq, c.msg_no, c.last_at, c.members)
    SELECT array_agg(g.id), array_agg(g.last_seq), array_agg(g.msg_no), array_agg(g.last_at),
            array_agg(g.members) INTO ids, heads, nos, ats, sizes FROM grown g;
    IF ids IS DISTINCT FROM p_chats THEN
        RAISE SQLSTATE 'ZV001';
    END IF;

    WITH found AS MATERIALIZED (
        SELECT u.n, m.place, m.delivered_seq, m.read_seq, heads[u.place] - u.upto AS upto,
            heads[u.place] - u.own AS own, nos[u.place] - u.own AS own_no
        FROM unnest(p_place, p_member, p_upto, p_own) WITH ORDINALITY u (place, usr, upto, own, n)
        CROSS JOIN LATERAL (SELECT m.ctid AS place, m.delivered_seq, m.read_seq FROM members m
            WHERE m.chat_id = p_chats[u.place] AND m.user_id = u.usr AND m.left_seq IS NULL
            FOR NO KEY UPDATE) m),
    verdict AS MATERIALIZED (
        SELECT (SELECT count(f.own) FROM found f) = p_senders
            AND (SELECT count(*) FROM unnest(p_sessions, p_owners) u (id, usr)
                WHERE (SELECT s.user_id = u.usr AND s.revoked_at IS NULL AND s.expires_at > p_at
                    FROM sessions s WHERE s.id = u.id)) = cardinality(p_sessions) AS fine),
    moves AS (
        UPDATE members m SET delivered_seq = greatest(m.delivered_seq, f.upto),
            read_seq = greatest(m.read_seq, f.own), read_no = coalesce(f.own_no, m.read_no)
        FROM found f WHERE m.ctid = f.place AND (SELECT v.fine FROM verdict v) RETURNING 1),
    told AS (
        INSERT INTO events (chat_id, seq, msg_no, at, kind, actor, id, content, client_id,
                forwarded_from, original_sender)
            SELECT p_chats[u.chat], heads[u.chat] - u.after, nos[u.chat] - u.after, ats[u.chat], 1,
                u.usr, u.id, u.content, u.client, u.source, u.original
            FROM unnest(p_chat, p_after, p_user, p_id, p_content, p_client, p_from, p_original)
                u (chat, after, usr, id, content, client, source, original)
            WHERE (SELECT v.fine FROM verdict v)),
    noted AS (
        INSERT INTO outbox (at, chats, lows, highs)
            SELECT max(u.at), p_chats, array_agg(u.head - u.n + 1), heads
            FROM unnest(ats, heads, p_counts) u (at, head, n)
            HAVING (SELECT v.fine FROM verdict v))
    SELECT array_agg(f.n), array_agg(f.delivered_seq), array_agg(f.read_seq), array_agg(f.place),
            (SELECT count(*) FROM moves), (SELECT v.fine FROM verdict v)
        INTO moved, delivered_from, read_from, spots, done, fine FROM found f;
    IF NOT fine THEN
        RAISE SQLSTATE 'ZV001';
    END IF;
    -- Whose row somebody else changed while it was waited for was found as it is now, and locked;
    -- the statement that found it cannot change it.
    IF done < cardinality(spots) THEN
        UPDATE members m SET delivered_seq = greatest(m.delivered_seq, heads[u.place] - u.upto),
            read_seq = greatest(m.read_seq, heads[u.place] - u.own),
            read_no = coalesce(nos[u.place] - u.own, m.read_no)
        FROM (SELECT f.spot, p_place[f.n] AS place, p_upto[f.n] AS upto, p_own[f.n] AS own
            FROM unnest(spots, moved) f (spot, n) OFFSET 0) u
        WHERE m.ctid = u.spot;
    END IF;
EXCEPTION WHEN SQLSTATE 'ZV001' OR unique_violation THEN
    heads := NULL;
END $$;

-- As append_v1's, and for the same reasons.
ALTER FUNCTION append_v2(bigint, uuid[], bigint[], uuid[], uuid[], bigint[], uuid[], bigint[],
        bigint[], bigint, bigint[], bigint[], uuid[], uuid[], text[], text[], uuid[], uuid[])
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
    SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off SET lock_timeout = '4s';

-- The same for who cannot send arguments: the texts as hex, so that nothing in the statement needs
-- quoting.
CREATE FUNCTION append_plain_v2(
    p_at bigint, p_chats uuid[], p_counts bigint[], p_sessions uuid[], p_owners uuid[],
    p_place bigint[], p_member uuid[], p_upto bigint[], p_own bigint[], p_senders bigint,
    p_chat bigint[], p_after bigint[], p_user uuid[], p_id uuid[], p_client text[],
    p_content text[], p_from uuid[], p_original uuid[],
    OUT heads bigint[], OUT nos bigint[], OUT ats bigint[], OUT sizes bigint[],
    OUT moved bigint[], OUT delivered_from bigint[], OUT read_from bigint[]
) LANGUAGE plpgsql AS $$
BEGIN
    SELECT * INTO heads, nos, ats, sizes, moved, delivered_from, read_from
        FROM append_v2(p_at, p_chats, p_counts, p_sessions, p_owners, p_place, p_member, p_upto,
            p_own, p_senders, p_chat, p_after, p_user, p_id,
            ARRAY (SELECT convert_from(decode(u.hex, 'hex'), 'UTF8')
                FROM unnest(p_client) WITH ORDINALITY u (hex, n) ORDER BY u.n),
            ARRAY (SELECT convert_from(decode(u.hex, 'hex'), 'UTF8')
                FROM unnest(p_content) WITH ORDINALITY u (hex, n) ORDER BY u.n),
            p_from, p_original);
END $$;
