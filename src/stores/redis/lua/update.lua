-- ARGV[5 …]: the changed fields and their values
if not lives() then return false end
redis.call('HSET', session, 'updatedAt', ARGV[1], unpack(ARGV, 5))
keep()
return view()
