# Runs PostgreSQL and ends it when the program that started us is gone, however it went: our standard input is
# a pipe that the kernel closes with it, kill -9 included.
#   guard.sh LOCK LOG OWNERFILE OWNER POSTGRES ARGUMENT...
# Prints PostgreSQL's pid. Ends with PostgreSQL's exit code, or 75 when somebody else holds LOCK.
lock=$1 log=$2 ownerfile=$3 owner=$4
shift 4
exec 3<&0

# PostgreSQL inherits the lock, so it is held as long as any process of it lives. It sees what postmaster.pid
# can't: a database in another container on the same folder, where process numbers mean nothing.
if command -v flock >/dev/null 2>&1; then
  exec 9>>"$lock"
  flock -n 9 || exit 75
fi

# Before postmaster.pid comes into being, so that whoever finds that file can tell whose it is.
printf %s "$owner" >"$ownerfile.new" && mv "$ownerfile.new" "$ownerfile"

"$@" </dev/null >>"$log" 2>&1 3<&- &
pid=$!
echo "$pid"

# SIGINT is PostgreSQL's fast shutdown: transactions are rolled back, data is written, it ends cleanly.
(
  cat <&3
  kill -INT "$pid"
) >/dev/null 2>&1 9>&- &
watch=$!

exec 3<&- 9>&-
wait "$pid"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
