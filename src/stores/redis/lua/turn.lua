-- ARGV[5]: n
return lives() and turn(ARGV[5])
