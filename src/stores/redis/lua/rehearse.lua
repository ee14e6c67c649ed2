-- KEYS[1]: a key that nothing uses; ARGV[1 …]: channels. Calls each command that the store and the limits use, as they
-- use it, and returns those that were refused, with what Redis answered.
local refused = {}

local function try(...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then refused[#refused + 1] = (...) .. ' ' .. answer.err end
end

-- These two come first: without them, keys would stay behind.
local text, hash, set, sorted, log = KEYS[1], KEYS[1] .. ':h', KEYS[1] .. ':s', KEYS[1] .. ':z', KEYS[1] .. ':x'
try('UNLINK', text, hash, set, sorted, log)
try('PEXPIRE', text, 1000)
if #refused > 0 then return refused end

try('TIME')
try('SET', text, 1, 'PX', 1000)
try('GET', text)
try('INCR', text)
try('PTTL', text)
try('EXISTS', text)
try('DEL', text)
try('HSET', hash, 'a', 1)
try('HGET', hash, 'a')
try('HMGET', hash, 'a')
try('HGETALL', hash)
try('HEXISTS', hash, 'a')
try('HINCRBY', hash, 'a', 1)
try('HDEL', hash, 'a')
try('SADD', set, 'a')
try('SCARD', set)
try('SMEMBERS', set)
try('SREM', set, 'a')
try('ZADD', sorted, 'LT', 1, 'a')
try('ZCARD', sorted)
try('ZRANGE', sorted, 0, -1)
try('ZRANGEBYSCORE', sorted, 1, '+inf')
try('ZREVRANGEBYSCORE', sorted, '+inf', 1)
try('ZREMRANGEBYSCORE', sorted, 2, '+inf')
try('ZREM', sorted, 'a')
try('XADD', log, '1-1', 't', '[]')
try('XADD', log, 'NOMKSTREAM', '1-2', 't', '[]')
try('XRANGE', log, '(1-1', '+', 'COUNT', 1)
try('XREVRANGE', log, '+', '-', 'COUNT', 1)
for _, channel in ipairs(ARGV) do try('PUBLISH', channel, 'changed') end
redis.call('UNLINK', text, hash, set, sorted, log)
return refused
