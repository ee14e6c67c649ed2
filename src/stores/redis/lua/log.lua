-- ARGV[5]: n; [6]: how long a log is kept after the end. Returns the log's key.
local n = ARGV[5]
local facts = lives() and redis.call('HGET', turns, n)
if not facts then return false end
local ended = redis.call('HGET', turns, n .. ':end')
if ended and tonumber(string.match(ended, '^%d+')) < now - tonumber(ARGV[6]) then return false end
return logOf(n, facts)
