if not lives() then return { 'missing' } end
if field('active') then return { 'busy' } end
dropLogs()
redis.call('UNLINK', messages, places)
redis.call('HSET', session, 'updatedAt', ARGV[1])
keep()
return { 'cleared', listed() }
