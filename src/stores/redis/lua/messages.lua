-- ARGV[5]: the place before which the page ends, or ''; ARGV[6]: its score; ARGV[7]: limit
-- Returns the standing messages as { place, JSON, … }, and of each of their turns { n, is replied to, place, JSON, … }
-- with what stood there before. Both are newest first.
if not lives() then return { {}, {} } end
if ARGV[5] ~= '' and redis.call('HEXISTS', messages, ARGV[5]) == 0 then return { {}, {} } end

local function earlierThan(n, list)
  local facts = redis.call('HGET', turns, n)
  local replaced = string.match(facts, '^%d+ (%d+)')
  if replaced == '0' then return list end
  for _, role in ipairs({ '.assistant', '.user' }) do
    local message = redis.call('HGET', messages, replaced .. role)
    if message then
      list[#list + 1] = replaced .. role
      list[#list + 1] = message
    end
  end
  return earlierThan(replaced, list)
end

local standing, alternatives, previous = {}, {}, nil
for _, place in ipairs(redis.call('ZREVRANGEBYSCORE', places, ARGV[6], '-inf', 'LIMIT', 0, ARGV[7])) do
  standing[#standing + 1] = place
  standing[#standing + 1] = redis.call('HGET', messages, place)
  local n = string.match(place, '^%d+')
  if n ~= previous then
    local isReplied = redis.call('HEXISTS', messages, n .. '.assistant')
    alternatives[#alternatives + 1] = earlierThan(n, { n, isReplied })
    previous = n
  end
end
return { standing, alternatives }
