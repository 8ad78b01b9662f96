-- Claims the users of a bucket whose grace is over. The users' keys share the bucket's slot.
-- A transition is answered again after a while to whoever asks, until somebody says that it
-- arrived: an answer may be lost, or who got it may die.
-- KEYS 1 the bucket's graces 2 what has been answered, by when to answer it again
-- ARGV 1 prefix of the users' keys 2 most 3 ms until the next answer 4… what arrived
-- Answers user, version, user, version …
for i = 4, #ARGV do redis.call('ZREM', KEYS[2], ARGV[i]) end
local t = redis.call('TIME')
local ms = t[1] * 1000 + math.floor(t[2] / 1000)
local again = string.format('%.0f', ms + ARGV[3])
local now = string.format('%.0f', ms)
local gone = {}
local function answer(user, version)
  redis.call('ZADD', KEYS[2], again, user .. ' ' .. version)
  gone[#gone + 1] = user
  gone[#gone + 1] = version
end
for _, pair in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[2])) do
  local user, version = string.match(pair, '^(%S+) (%S+)$')
  local is = redis.call('HMGET', ARGV[1] .. user, 's', 'v')
  if is[1] == '0' and is[2] == version then answer(user, version)
  else redis.call('ZREM', KEYS[2], pair) end
end
for _, user in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])) do
  redis.call('ZREM', KEYS[1], user)
  local key = ARGV[1] .. user
  local was = redis.call('HMGET', key, 's', 'v')
  if was[1] == '1' and redis.call('HLEN', key) <= 2 then
    local version = string.format('%.0f', math.max(tonumber(was[2]) + 1, ms))
    redis.call('HSET', key, 's', 0, 'v', version)
    redis.call('EXPIRE', key, 86400)
    answer(user, version)
  end
end
return gone
