-- KEYS[1]: nodes; ARGV[1]: ms of silence. Redis's clock counts, as each node's is different.
local time = redis.call('TIME')
local horizon = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', horizon))
