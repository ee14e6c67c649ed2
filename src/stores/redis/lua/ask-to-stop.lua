-- ARGV[5]: n. False when it does not run.
if field('active') ~= ARGV[5] then return false end
return ask('stop')
