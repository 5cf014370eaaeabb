#!/usr/bin/env bash
# What it costs to read the heads of many files and of wide ones: median seconds of five runs of `SELECT count(*)` over lakes of 1,000 and 10,000 files
# (60 frames each, 3 values), and over files of 1,000 and 10,000 columns (100 rows). One CSV line each: format, files, columns, seconds.
# BINARY is the posequel to measure, target/release/posequel unless it is said.
set -euo pipefail
cd "$(dirname "$0")/.."
posequel="${BINARY:-${CARGO_TARGET_DIR:-target}/release/posequel}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

seconds() { # of five runs of a query, the middle one
    for _ in 1 2 3 4 5; do
        /usr/bin/env TIMEFORMAT=%R bash -c 'time "$1" sql -c "$2" >"$3" 2>&1 || { cat "$3" >&2; exit 1; }' _ "$posequel" "$1" "$folder/said" 2>&1
    done | sort -n | sed -n 3p
}

for format in csv parquet; do
    for files in 1000 10000; do
        lake="$folder/$format$files"
        mkdir "$lake"
        awk 'BEGIN { print "video,frame,label,x,y,z"; for (i = 0; i < 60; i++) printf "a,%d,walk,%.3f,%.3f,%.3f\n", i, sin(i), cos(i), i / 7 }' >"$folder/one.csv"
        [ $format = csv ] || "$posequel" sql -c "COPY (SELECT * FROM '$folder/one.csv') TO '$folder/one.parquet' STORED AS PARQUET" >"$folder/said" 2>&1
        for ((i = 0; i < files; i++)); do echo "$lake/$i.$format"; done | xargs -n 500 sh -c 'one=$0; for file; do cp "$one" "$file"; done' "$folder/one.$format"
        echo "$format,$files,6,$(seconds "SELECT count(*) FROM '$lake/'")"
        rm -r "$lake"
    done
    for columns in 1000 10000; do
        awk -v n=$columns 'BEGIN { printf "video,frame,label"; for (j = 3; j < n; j++) printf ",x%d", j; print "";
            for (i = 0; i < 100; i++) { printf "a,%d,walk", i; for (j = 3; j < n; j++) printf ",%.3f", sin(i + j); print "" } }' >"$folder/wide.csv"
        [ $format = csv ] || "$posequel" sql -c "COPY (SELECT * FROM '$folder/wide.csv') TO '$folder/wide.parquet' STORED AS PARQUET" >"$folder/said" 2>&1
        echo "$format,1,$columns,$(seconds "SELECT count(*) FROM '$folder/wide.$format'")"
    done
done
