-- KEYS[1]: a list of sessions; ARGV[1]: score; [2]: session; [3]: score from which on entries are too old; [4]: ms to
-- keep the list
redis.call('ZADD', KEYS[1], 'LT', ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], ARGV[3], '+inf')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
