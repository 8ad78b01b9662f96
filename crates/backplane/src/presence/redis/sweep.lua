-- Claims the users of a bucket whose grace is over. The users' keys share the bucket's slot.
-- KEYS 1 the bucket's graces   ARGV 1 prefix of the users' keys 2 most
-- Answers user, version, user, version …
local t = redis.call('TIME')
local ms = t[1] * 1000 + math.floor(t[2] / 1000)
local gone = {}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', ms), 'LIMIT', 0, ARGV[2])
for _, user in ipairs(due) do
  redis.call('ZREM', KEYS[1], user)
  local key = ARGV[1] .. user
  local was = redis.call('HMGET', key, 's', 'v')
  if was[1] == '1' and redis.call('HLEN', key) <= 2 then
    local v = math.max(tonumber(was[2]) + 1, ms)
    redis.call('HSET', key, 's', 0, 'v', string.format('%.0f', v))
    redis.call('EXPIRE', key, 86400)
    gone[#gone + 1] = user
    gone[#gone + 1] = v
  end
end
return gone
