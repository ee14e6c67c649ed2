-- ARGV[5]: the place beside which the page begins, or ''; ARGV[6]: its score; ARGV[7]: limit; ARGV[8]: which message is
-- read first, 'newest' or 'oldest'; ARGV[9]: bytes after which no more messages are read; ARGV[10]: the same
-- for what stood there before
-- Returns the standing messages as { place, JSON, … }, and of each of their turns { n, is replied to, place, JSON, … }
-- with what stood there before, newest first.
if not lives() then return { {}, {} } end
if ARGV[5] ~= '' and redis.call('HEXISTS', messages, ARGV[5]) == 0 then return { {}, {} } end

local left = tonumber(ARGV[9])
local leftOfEarlier = tonumber(ARGV[10])

local function earlierThan(n, list)
  if leftOfEarlier <= 0 then return list end
  local facts = redis.call('HGET', turns, n)
  local replaced = string.match(facts, '^%d+ (%d+)')
  if replaced == '0' then return list end
  for _, role in ipairs({ '.assistant', '.user' }) do
    local message = redis.call('HGET', messages, replaced .. role)
    if message then
      list[#list + 1] = replaced .. role
      list[#list + 1] = message
      left = left - #message
      leftOfEarlier = leftOfEarlier - #message
    end
  end
  return earlierThan(replaced, list)
end

local found
if ARGV[8] == 'newest' then
  found = redis.call('ZREVRANGEBYSCORE', places, ARGV[6], '-inf', 'LIMIT', 0, ARGV[7])
else
  found = redis.call('ZRANGEBYSCORE', places, ARGV[6], '+inf', 'LIMIT', 0, ARGV[7])
end

local standing, alternatives, previous = {}, {}, nil
for _, place in ipairs(found) do
  local message = redis.call('HGET', messages, place)
  standing[#standing + 1] = place
  standing[#standing + 1] = message
  left = left - #message
  local n = string.match(place, '^%d+')
  if n ~= previous then
    local isReplied = redis.call('HEXISTS', messages, n .. '.assistant')
    alternatives[#alternatives + 1] = earlierThan(n, { n, isReplied })
    previous = n
  end
  if left <= 0 then break end
end
return { standing, alternatives }
