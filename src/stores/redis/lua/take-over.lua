-- ARGV[5]: n; [6]: node
local n = ARGV[5]
if field('active') ~= n then return false end
-- First, as it is let in when the memory is full, and what comes after a first write is let in too.
keep()
local epoch = redis.call('HINCRBY', session, 'epoch', 1)
local log = ask('leave')
redis.call('HSET', session, 'node', ARGV[6])
redis.call('XADD', log, 'NOMKSTREAM', epoch .. '-0', 't', '[]')
return turn(n)
