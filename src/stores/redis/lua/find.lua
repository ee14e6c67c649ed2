-- ARGV[5]: the client id's field
local n = lives() and redis.call('HGET', sent, ARGV[5])
return n and turn(n)
