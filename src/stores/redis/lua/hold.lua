-- KEYS[1]: the sessions in which a node runs a turn; ARGV[1]: ms to keep the set; [2 …]: sessions to add
-- First a command that is let in when the memory is full: what comes after it is let in too.
redis.call('PEXPIRE', KEYS[1], ARGV[1])
for i = 2, #ARGV do
  redis.call('SADD', KEYS[1], ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
