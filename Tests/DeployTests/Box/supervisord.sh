#!/bin/bash
BOX_MANAGER=supervisord exec "$(dirname "$0")/services.sh" "$@"
