-- One exact sliding window: a list of the times (µs, Redis' clock) of what was allowed in it.
-- KEYS 1 the list   ARGV 1 limit 2 length in ms
-- Answers {1, how many are left} or {0, µs until the next is allowed}; of a master that takes no writes,
-- for it was cut off, {2, how many there are, µs until there is one less}.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local limit, length = tonumber(ARGV[1]), ARGV[2] * 1000
local function left(at)
  -- A clock that was put back must not make anybody wait for longer than the window.
  return math.min(redis.call('LINDEX', KEYS[1], at) + length - now, length)
end
local function look(problem)
  if not string.find(problem.err, 'NOREPLICAS', 1, true) then return problem end
  local used, wait = 0, length
  for at = redis.call('LLEN', KEYS[1]) - 1, 0, -1 do
    if left(at) <= 0 then break end
    used, wait = used + 1, left(at)
  end
  return {2, used, wait}
end
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - length do
  local popped = redis.pcall('LPOP', KEYS[1])
  if type(popped) == 'table' then return look(popped) end
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local used = oldest and redis.call('LLEN', KEYS[1]) or 0
-- There may be more than the limit: what a node allowed by itself is told later.
if used >= limit then return {0, left(used - limit)} end
if used > 0 then
  -- Times only rise, so the first is always the oldest.
  local newest = tonumber(redis.call('LINDEX', KEYS[1], -1))
  if newest >= now then now = newest + 1 end
end
local pushed = redis.pcall('RPUSH', KEYS[1], string.format('%.0f', now))
if type(pushed) == 'table' then return look(pushed) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, limit - used - 1}
