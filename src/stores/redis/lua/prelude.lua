-- Stands before each of a session's scripts. Only the session's hash is named as a key: the others have the same tag,
-- and so the same slot.
local session = KEYS[1]
local base = string.sub(session, 1, -1 - #'session')
local messages, places, turns, sent = base .. 'messages', base .. 'places', base .. 'turns', base .. 'sent'
local now, ttl, keepIdle, keepRunning = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]

local function field(name)
  return redis.call('HGET', session, name)
end

-- An ephemeral session has a shorter life: by so many milliseconds.
local function shorter()
  return tonumber(field('ephemeral') or 0)
end

-- One that was idle for too long is as one that does not exist, also while its keys are still there.
local function lives()
  local updated = field('updatedAt')
  return updated and (tonumber(updated) - shorter() >= now - ttl or field('active'))
end

-- The user in whose list the session is; false for an ephemeral one, which is in none.
local function listed()
  return not field('ephemeral') and field('userId')
end

local function keep()
  local ms = math.ceil((field('active') and keepRunning or keepIdle) - shorter())
  for _, key in ipairs({ session, messages, places, turns, sent }) do
    redis.call('PEXPIRE', key, ms)
  end
end

-- A turn is kept as "<created at> <the turn that it replaces, or 0> <JSON>", its end as "<ended at> <JSON>".
local function createdAt(facts)
  return string.match(facts, '^%d+')
end

-- A deleted session's id can be made anew: its turns' logs are told apart by when the turns were created.
local function logOf(n, facts)
  return base .. 'log:' .. n .. ':' .. createdAt(facts)
end

local function turn(n)
  local facts = redis.call('HGET', turns, n)
  if not facts then return false end
  local ended, text = redis.call('HGET', turns, n .. ':end'), redis.call('HGET', messages, n .. '.assistant')
  return { n, facts, ended, text, field('epoch') }
end

-- The turn of the latest standing message.
local function lastTurn()
  local place = redis.call('ZRANGE', places, -1, -1)[1]
  return place and string.match(place, '^%d+')
end

local function view()
  return { redis.call('HGETALL', session), redis.call('ZCARD', places), lastTurn() or false }
end

-- Says to the node that runs a turn what is to become of it, on the channel of keys.ts, and returns the turn's log.
local function ask(what)
  local n, prefix = field('active'), string.match(session, '^(.-):{')
  local log = logOf(n, redis.call('HGET', turns, n))
  redis.call('PUBLISH', prefix .. ':asked:' .. field('node'), what .. ' ' .. log)
  return log
end

local function dropLogs()
  local all = redis.call('HGETALL', turns)
  for i = 1, #all, 2 do
    if string.match(all[i], '^%d+$') then redis.call('UNLINK', logOf(all[i], all[i + 1])) end
  end
end

local function drop()
  dropLogs()
  redis.call('UNLINK', session, messages, places, turns, sent)
end

