#!/bin/sh
# Waits for what the application needs, then becomes the init that reaps for it.
sleep 1
exec tini -- sleep 1000
