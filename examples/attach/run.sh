#!/bin/sh
# Runs both programs of this example, which are in the folder $1, and compares what they print.
set -eu
folder=$(mktemp -d)
publisher=
trap 'test -z "$publisher" || kill "$publisher" 2>/dev/null || true; rm -rf "$folder"' EXIT
"$1/attach_publisher" "$folder" >"$folder/printed" &
publisher=$!
while test ! -S "$folder/jobs.sock"; do kill -0 "$publisher"; sleep 0.01; done
"$1/attach_worker" "$folder"
wait "$publisher"
publisher=
printf '%s\n' '1 squared is 1' '2 squared is 4' '3 squared is 9' '4 squared is 16' '5 squared is 25' |
  diff - "$folder/printed"
test "$(ls -A "$folder")" = printed # both sockets are gone
