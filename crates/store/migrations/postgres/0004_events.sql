-- Moves of cursors in one call, as move_cursors_v1 (which stays for nodes of the version before),
-- that also tells what was read: one row of the outbox with all of the call's read cursors that
-- moved. Its id is taken under the locks of their members' rows, so it ascends with each cursor.
CREATE FUNCTION move_cursors_v2(
    p_at bigint, p_chat uuid[], p_user uuid[], p_session uuid[], p_delivered bigint[],
    p_read bigint[]
) RETURNS TABLE (chat uuid, usr uuid, delivered_from bigint, delivered_to bigint,
    read_from bigint, read_to bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM (SELECT DISTINCT u.chat, u.usr FROM unnest(p_chat, p_user) u (chat, usr)
            ORDER BY u.chat, u.usr) w
        CROSS JOIN LATERAL (SELECT FROM members m WHERE m.chat_id = w.chat AND m.user_id = w.usr
            AND m.left_seq IS NULL FOR NO KEY UPDATE) m;
    RETURN QUERY
    WITH wishes AS MATERIALIZED (
        SELECT m.place, m.delivered_seq, m.read_seq,
            max(least(u.delivered, u.head)) AS delivered, max(least(u.read, u.head)) AS read
        FROM (SELECT u.*, (SELECT c.last_seq FROM chats c WHERE c.id = u.chat) AS head,
                u.session IS NULL OR (SELECT s.user_id = u.usr AND s.revoked_at IS NULL
                    AND s.expires_at > p_at FROM sessions s WHERE s.id = u.session) AS live
            FROM unnest(p_chat, p_user, p_session, p_delivered, p_read)
                u (chat, usr, session, delivered, read) OFFSET 0) u
        CROSS JOIN LATERAL (SELECT m.ctid AS place, m.delivered_seq, m.read_seq FROM members m
            WHERE m.chat_id = u.chat AND m.user_id = u.usr AND m.left_seq IS NULL OFFSET 0) m
        WHERE u.live GROUP BY m.place, m.delivered_seq, m.read_seq),
    steps AS MATERIALIZED (
        SELECT w.*, greatest(w.delivered_seq, w.delivered, w.read) AS new_delivered,
            greatest(w.read_seq, w.read) AS new_read FROM wishes w),
    -- They are locked, so they stay where they are found.
    done AS (
        UPDATE members m SET delivered_seq = s.new_delivered, read_seq = s.new_read,
            read_no = CASE WHEN s.new_read = s.read_seq THEN m.read_no ELSE coalesce(
                (SELECT e.msg_no FROM events e WHERE e.chat_id = m.chat_id AND e.seq = s.new_read),
                m.read_no) END
        FROM steps s WHERE m.ctid = s.place
            AND (s.new_delivered > s.delivered_seq OR s.new_read > s.read_seq)
        RETURNING m.chat_id, m.user_id, s.delivered_seq, s.new_delivered, s.read_seq, s.new_read),
    -- JSON of core's AccountEvent; nothing in it needs quoting.
    told AS (
        INSERT INTO outbox (at, chats, lows, highs, extra)
            SELECT p_at, '{}', '{}', '{}', '[{"user":"' || string_agg(d.user_id::text
                || '","kind":{"read":{"chat":"' || d.chat_id::text || '","after":'
                || d.read_seq::text || ',"upto":' || d.new_read::text || '}}}',
                ',{"user":"') || ']'
            FROM done d WHERE d.new_read > d.read_seq HAVING count(*) > 0)
    SELECT * FROM done;
END $$;

ALTER FUNCTION move_cursors_v2(bigint, uuid[], uuid[], uuid[], bigint[], bigint[])
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
    SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off SET lock_timeout = '4s';
