-- ARGV[5]: n; [6]: how long a log is kept after the end; [7]: the first id; [8]: how many entries. Returns them, from a log
-- that is there: read by itself, one that was deleted a moment ago looks like one that has nothing more.
local n = ARGV[5]
local facts = lives() and redis.call('HGET', turns, n)
if not facts then return false end
local ended = redis.call('HGET', turns, n .. ':end')
if ended and tonumber(string.match(ended, '^%d+')) < now - tonumber(ARGV[6]) then return false end
local log = logOf(n, facts)
local page = redis.call('XRANGE', log, ARGV[7], '+', 'COUNT', ARGV[8])
if #page == 0 and redis.call('EXISTS', log) == 0 then return false end
return page
