-- KEYS: logs; ARGV: for each, an entry's id and its tokens as JSON. Answers for each: 1, the entry was added; 0, the log
-- has one of this id or a later one; -1, there is no such log. Whatever else is wrong is wrong with the server.
local answers = {}
for i, log in ipairs(KEYS) do
  local id = redis.pcall('XADD', log, 'NOMKSTREAM', ARGV[2 * i - 1], 't', ARGV[2 * i])
  if not id then
    answers[i] = -1
  elseif type(id) == 'table' then
    if not string.find(id.err, 'equal or smaller', 1, true) then return id end
    answers[i] = 0
  else
    answers[i] = 1
    redis.call('PUBLISH', log, 'more')
  end
end
return answers
