-- KEYS[1]: nodes; ARGV[1]: node; [2]: ms to keep the list; [3]: 'CH', or 'NX' where only a node that is not there is added
local time = redis.call('TIME')
-- First a command that is let in when the memory is full: what comes after it is let in too.
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[3], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
