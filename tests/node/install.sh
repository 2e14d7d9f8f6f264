#!/bin/sh
# Installs the npm packages of package.json, in these versions and once, into
# FOLDER/node_modules. Exit status: 0 they are there, 77 there is no node or
# npm cannot be reached, 1 npm failed otherwise.
#
# usage: install.sh FOLDER
set -u

list=$(dirname "$0")/package.json
folder=${1:?}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "there is no node and npm"
	exit 77
fi
cmp -s "$list" "$folder/installed.json" && exit 0
mkdir -p "$folder" && cp "$list" "$folder/package.json" || exit 1
if ! npm install --prefix "$folder" --no-audit --no-fund --no-package-lock --loglevel=error; then
	npm ping >/dev/null 2>&1 && exit 1
	echo "npm cannot be reached"
	exit 77
fi
cp "$list" "$folder/installed.json"
