-- ARGV[5]: n
return lives() and redis.call('HGET', messages, ARGV[5] .. '.images')
