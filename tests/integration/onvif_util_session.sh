#!/usr/bin/env bash
# Runs in a network namespace of its own: onvif-util looks for cameras on the route of the multicast group only.
# onvif_util_session.sh COMMAND...: virtual cameras on 10.66.0.2 and up, each asked; commands come from stdin.
set -euo pipefail
count=$1 user=$2 password=$3; shift 3
commands=$(cat)
ip link set lo up
ip addr add 10.66.0.1/24 dev lo
ip route add 239.255.255.250/32 dev lo
for ((i = 2; i < count + 2; i++)); do ip addr add "10.66.0.$i/24" dev lo; done
"$@" --count "$count" --address 10.66.0.2 -o jsonl >cameras.jsonl &
simulator=$!
trap 'kill $simulator; wait $simulator' EXIT
until [ -s cameras.jsonl ] && [ "$(wc -l <cameras.jsonl)" -eq "$count" ]; do
  kill -0 $simulator
  read -rt 0.05 <> <(:) || true
done
echo "== found"
onvif-util --all
for ((i = 2; i < count + 2; i++)); do
  echo "== 10.66.0.$i"
  onvif-util --user "$user" --password "$password" "10.66.0.$i" <<<"$commands" 2>&1 || true
done
