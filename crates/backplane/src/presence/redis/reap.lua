-- Ends connections of an incarnation that died; several may do so at once.
-- KEYS 1 the incarnation's connections in the bucket 2 the bucket's graces
-- ARGV 1 prefix of the users' keys 2 incarnation 3 grace in ms 4 most
-- Answers how many there were.
local t = redis.call('TIME')
local due = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[3])
local ended = redis.call('SPOP', KEYS[1], ARGV[4])
for _, pair in ipairs(ended) do
  local user, connection = string.match(pair, '^(%S+) (.*)$')
  local key = ARGV[1] .. user
  if redis.call('HDEL', key, ARGV[2] .. '|' .. connection) == 1
    and redis.call('HLEN', key) <= 2 and redis.call('HGET', key, 's') == '1' then
    redis.call('ZADD', KEYS[2], due, user)
  end
end
return #ended
