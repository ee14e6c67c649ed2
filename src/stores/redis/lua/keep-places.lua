-- KEYS[1]: a payer's running turns; ARGV[1]: ms until these stop to count; [2 …]: those that still run
local time = redis.call('TIME')
local horizon = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
for i = 2, #ARGV do
  redis.call('ZADD', KEYS[1], horizon, ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
