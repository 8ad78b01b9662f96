-- Keeps a value under a key unless a newer one of the same log is there.
-- ARGV: epoch, version, sealed value, life in ms. A hash: e the epoch, v the version, b the value.
local known = redis.call('HMGET', KEYS[1], 'e', 'v')
if known[1] == ARGV[1] and tonumber(known[2]) > tonumber(ARGV[2]) then
    return 0
end
redis.call('HSET', KEYS[1], 'e', ARGV[1], 'v', ARGV[2], 'b', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
