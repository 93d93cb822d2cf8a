#!/bin/bash
# Tells its child at once, and itself ends three seconds later.
sleep 1000 & app=$!
trap 'kill -TERM $app; sleep 3; exit 0' TERM
wait $app
wait $app
