-- KEYS[1]: a payer's running turns, each as "<turn> <session>", scored by when it stops to count; ARGV[1]: ms until this
-- one does; [2]: how many sessions may have one; [3]: turn; [4]: session
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
local others, count = {}, 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local session = string.match(member, '^%S+ (.*)$')
  if session ~= ARGV[4] and not others[session] then
    others[session] = true
    count = count + 1
  end
end
if count >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[3] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
