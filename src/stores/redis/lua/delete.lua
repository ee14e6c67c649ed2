local userId = lives() and field('userId')
if userId and field('active') then
  redis.call('PUBLISH', ask('forget'), 'changed')
end
drop()
return userId
