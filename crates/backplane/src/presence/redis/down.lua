-- A connection ended.
-- KEYS 1 the user 2 the bucket's graces 3 the incarnation's connections in the bucket
-- ARGV 1 user 2 incarnation 3 connection 4 grace in ms
redis.call('SREM', KEYS[3], ARGV[1] .. ' ' .. ARGV[3])
local there = redis.call('HDEL', KEYS[1], ARGV[2] .. '|' .. ARGV[3])
local left = redis.call('HLEN', KEYS[1])
if left > 2 or (left > 0 and there == 0) then return 0 end
local t = redis.call('TIME')
local ms = t[1] * 1000 + math.floor(t[2] / 1000)
-- Where all was lost, watchers still hold the user for online.
if left == 0 then redis.call('HSET', KEYS[1], 's', 1, 'v', string.format('%.0f', ms)) end
redis.call('ZADD', KEYS[2], string.format('%.0f', ms + ARGV[4]), ARGV[1])
return 1
