-- ARGV[5]: n; [6]: created at; [7]: epoch; [8]: the tail's seq; [9]: its tokens as JSON, or ''; [10]: ms to keep the log;
-- [11]: the end; [12]: the reply as JSON, or ''
local n, epoch, seq, tokens, reply = ARGV[5], ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[12]
local facts = lives() and redis.call('HGET', turns, n)
if not facts or createdAt(facts) ~= ARGV[6] then return { 'gone' } end
local ended = redis.call('HGET', turns, n .. ':end')
if ended then return { 'ended', ended, listed() } end
if field('epoch') ~= epoch then return { 'fenced' } end

-- First, as it is let in when the memory is full, and what comes after a first write is let in too: what has begun can
-- always be ended.
redis.call('HDEL', session, 'active', 'node')
local log = logOf(n, facts)
local top = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local kept = top and tonumber(string.match(top[1], '%d+$')) or 0
if tokens ~= '' and seq > kept then redis.call('XADD', log, 'NOMKSTREAM', epoch .. '-' .. ARGV[8], 't', tokens) end
-- No entry can come after this one.
redis.call('XADD', log, 'NOMKSTREAM', epoch .. '-18446744073709551615', 't', '[]')
redis.call('PEXPIRE', log, ARGV[10])
redis.call('PUBLISH', log, 'changed')
redis.call('HSET', turns, n .. ':end', ARGV[11])
redis.call('HSET', session, 'updatedAt', ARGV[1])
if reply ~= '' then
  redis.call('HSET', messages, n .. '.assistant', reply)
  redis.call('ZADD', places, 2 * n + 1, n .. '.assistant')
end
keep()
return { 'settled', '', listed() }
