@rem Stands in for the `exec` of sh on Windows, where npm runs the scripts of package.json with cmd.exe.
@%*
