#!/bin/sh
# A probe that starts something and does not wait for it.
sleep 0.2 &
exit 0
