-- A lease: a key with its holder.
-- KEYS 1 the lease   ARGV 1 who asks 2 for how long it is to be theirs from now on, in ms; 0: no longer
-- Answers 1 if it is theirs (or nobody's any more), 0 if it is somebody else's.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('PEXPIRE', KEYS[1], 0)
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
