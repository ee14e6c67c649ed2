-- ARGV[5 …]: the session's fields and values
if not lives() then
  drop()
  redis.call('HSET', session, 'createdAt', ARGV[1], 'updatedAt', ARGV[1], 'turns', 0, unpack(ARGV, 5))
  keep()
end
return view()
