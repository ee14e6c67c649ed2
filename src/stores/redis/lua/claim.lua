-- ARGV[5]: this very attempt's id; [6]: node; [7]: the client id's field, or ''; [8]: title; [9]: what it replaces, or '';
-- [10]: the turn as JSON; [11]: the user's message as JSON; [12]: its images as JSON, or ''
local attempt, node, client, title, replaces = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
if not lives() then return { 'missing' } end
local active = field('active')
-- Sent again, because the first answer was lost.
if field('attempt') == attempt then return { active and 'claimed' or 'known', turn(field('turns')), listed() } end
local known = client ~= '' and redis.call('HGET', sent, client)
if known then return { 'known', turn(known) } end
if active then return { 'busy', active } end
if replaces ~= '' and replaces ~= lastTurn() then return { 'not_last' } end

local n = redis.call('HINCRBY', session, 'turns', 1)
redis.call('HSET', session, 'active', n, 'epoch', 1, 'node', node, 'attempt', attempt, 'updatedAt', ARGV[1])
if field('title') == 'null' then redis.call('HSET', session, 'title', title) end
if client ~= '' then redis.call('HSET', sent, client, n) end
local facts = ARGV[1] .. ' ' .. (replaces == '' and '0' or replaces) .. ' ' .. ARGV[10]
redis.call('HSET', turns, n, facts)
if replaces ~= '' then redis.call('ZREM', places, replaces .. '.user', replaces .. '.assistant') end
redis.call('HSET', messages, n .. '.user', ARGV[11])
if ARGV[12] ~= '' then redis.call('HSET', messages, n .. '.images', ARGV[12]) end
redis.call('ZADD', places, 2 * n, n .. '.user')
redis.call('XADD', logOf(n, facts), '1-0', 't', '[]')
redis.call('PEXPIRE', logOf(n, facts), keepRunning)
keep()
return { 'claimed', turn(n), listed() }
