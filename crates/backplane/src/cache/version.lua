-- The version of a key, in µs of this server's clock when it last changed. ARGV: 1 to raise it, and
-- how long it is remembered, in ms. One that was forgotten begins at now, later than all before.
local known = tonumber(redis.call('GET', KEYS[1]) or '')
if known and ARGV[1] == '0' then
    return known
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if known and known >= now then
    now = known + 1
end
redis.call('SET', KEYS[1], string.format('%.0f', now), 'PX', ARGV[2])
return now
