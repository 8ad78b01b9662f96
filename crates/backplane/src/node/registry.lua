-- The registry of nodes.
-- KEYS 1 leases by node 2 addresses by node
-- ARGV 1 beat | list | leave, and for a node: 2 its name 3 its address 4 lease in ms
-- Answers node, address, … of those that live.
local t = redis.call('TIME')
local ms = t[1] * 1000 + math.floor(t[2] / 1000)
if ARGV[1] == 'beat' then
  redis.call('ZADD', KEYS[1], string.format('%.0f', ms + ARGV[4]), ARGV[2])
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', ms))) do
    redis.call('ZREM', KEYS[1], gone)
    redis.call('HDEL', KEYS[2], gone)
  end
elseif ARGV[1] == 'leave' then
  redis.call('ZREM', KEYS[1], ARGV[2])
  redis.call('HDEL', KEYS[2], ARGV[2])
end
local answer = {}
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', ms), '+inf')) do
  answer[#answer + 1] = node
  answer[#answer + 1] = redis.call('HGET', KEYS[2], node) or ''
end
return answer
