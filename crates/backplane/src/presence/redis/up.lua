-- A connection lives.
-- KEYS 1 the user 2 the bucket's graces 3 the incarnation's connections in the bucket
-- ARGV 1 user 2 incarnation 3 connection 4 new | retry | again
-- Answers the version of the transition to online that is to be told, or 0.
local field = ARGV[2] .. '|' .. ARGV[3]
redis.call('SADD', KEYS[3], ARGV[1] .. ' ' .. ARGV[3])
local was = redis.call('HMGET', KEYS[1], 's', 'v')
if was[1] == '1' then
  redis.call('HSET', KEYS[1], field, 1)
  redis.call('ZREM', KEYS[2], ARGV[1])
  -- A first try may have been heard without an answer: then nobody was told.
  return ARGV[4] == 'retry' and tonumber(was[2]) or 0
end
local t = redis.call('TIME')
local v = math.max(tonumber(was[2] or 0) + 1, t[1] * 1000 + math.floor(t[2] / 1000))
redis.call('HSET', KEYS[1], 's', 1, 'v', string.format('%.0f', v), field, 1)
if was[1] then redis.call('PERSIST', KEYS[1]) end
-- Nothing is known where all was lost: what was told before is told still.
if ARGV[4] == 'again' and not was[1] then return 0 end
return v
