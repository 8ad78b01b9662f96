#!/bin/bash
# Run by PostgreSQL's image when it has made its data.
set -euo pipefail
psql -U postgres -v owner_password="$ZVON_OWNER_PASSWORD" -v node_password="$ZVON_NODE_PASSWORD" \
    -f /roles.sql postgres
