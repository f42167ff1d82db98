#!/bin/sh
# 10,000 pictures in 100 shards, 20 at a time, and the check of the whole: sh slurm.sh FOLDER, which all nodes see.
set -eu
folder=${1:?Say where the pictures go.}
job="tessera shard --pictures 0-9999 --of 100 --out '$folder'"

# Each task finds its index in SLURM_ARRAY_TASK_ID. A task whose node is lost is queued again, and draws nothing twice.
draw=$(sbatch --parsable --job-name=tessera-draw --array=0-99%20 --cpus-per-task=2 --mem=2G --time=01:00:00 --requeue \
  --wrap="$job --threads 2")
sbatch --job-name=tessera-finish --dependency="afterok:$draw" --cpus-per-task=1 --mem=2G --time=01:00:00 --requeue \
  --wrap="$job --finish"
