-- One exact sliding window: a list of the times (µs, Redis' clock) of what was allowed in it.
-- KEYS 1 the list   ARGV 1 limit 2 length in ms
-- Answers {1, how many are left} or {0, µs until the next is allowed}.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local limit, length = tonumber(ARGV[1]), ARGV[2] * 1000
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - length do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local used = oldest and redis.call('LLEN', KEYS[1]) or 0
if used >= limit then
  -- A clock that was put back must not make anybody wait for longer than the window.
  return {0, math.min(tonumber(oldest) + length - now, length)}
end
if used > 0 then
  -- Times only rise, so the first is always the oldest.
  local newest = tonumber(redis.call('LINDEX', KEYS[1], -1))
  if newest >= now then now = newest + 1 end
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, limit - used - 1}
