-- What a node allowed by itself counts after all, from when it did.
-- KEYS 1 the list of its window   ARGV 1 how long ago that was, in µs 2 the window's length in ms
local t = redis.call('TIME')
local at = t[1] * 1000000 + t[2] - ARGV[1]
-- Times only rise: it is the newest, whatever was counted since.
local newest = redis.call('LINDEX', KEYS[1], -1)
if newest and tonumber(newest) >= at then at = newest + 1 end
redis.call('RPUSH', KEYS[1], string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
