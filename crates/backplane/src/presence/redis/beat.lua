-- Renews an incarnation's lease, and lists all of them.
-- KEYS 1 leases 2 epoch   ARGV 1 incarnation 2 lease in ms 3 new | beat | end | list
-- Answers {1 or 0 if the lease was over, now in ms, incarnation, end, …}
local t = redis.call('TIME')
local ms = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('SET', KEYS[2], string.format('%.0f', ms), 'NX')
local lives = 1
if ARGV[3] == 'beat' then
  local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if not ends or tonumber(ends) < ms then lives = 0 end
end
if lives == 1 and ARGV[3] ~= 'list' then
  local ends = ARGV[3] == 'end' and ms - 1 or ms + ARGV[2]
  redis.call('ZADD', KEYS[1], string.format('%.0f', ends), ARGV[1])
end
-- A lease that is over is listed for a while yet: its holder may have written under it meanwhile.
if lives == 0 then redis.call('ZADD', KEYS[1], string.format('%.0f', ms - 1), ARGV[1]) end
local answer = {lives, ms}
for _, word in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')) do
  answer[#answer + 1] = word
end
return answer
