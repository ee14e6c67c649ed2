local userId = lives() and field('userId')
drop()
return userId
