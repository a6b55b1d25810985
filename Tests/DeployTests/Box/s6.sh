#!/bin/bash
BOX_MANAGER=s6 exec "$(dirname "$0")/services.sh" "$@"
