#!/bin/bash
# Makes the run folders beside this file anew. Give it mnist-tui 0.1.0 and a folder that is not there yet:
#
#     unshare --uts --map-root-user bash -c 'hostname box; bash make.sh /path/to/mnist-tui NEW_FOLDER'
#
# The data are the first 1200 training and 200 test images of MNIST, in NEW_FOLDER/digits (make_digits.py, beside this
# file, which the tests use as well). Every command runs in NEW_FOLDER, so that no run holds a path of the machine.
set -eu
program=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
mkdir "$2"
cd "$2"
export MNIST_TUI_HOME=$PWD XDG_RUNTIME_DIR=/tmp/box OMP_NUM_THREADS=1
mkdir -p -m 700 /tmp/box
"$(dirname "$program")/python" "$here/make_digits.py" digits
short="--model mlp --hidden 4 --dropout 0.1 --optimizer sgd --learning-rate 0.05 --data-dir digits --threads 1 --device cpu"

train() { "$program" train $short --name "$@"; }
ended() { # RUN NUMBER: wait until so many epochs have ended
    until [ "$(grep -c '^{"type":"epoch_ended"' "runs/$1/events.jsonl" 2>/dev/null)" -ge "$2" ] 2>/dev/null; do sleep 0.01; done
}
kill_engine() { kill -9 "$(sed 's/.*"pid":\([0-9]*\).*/\1/' "runs/$1/session.json")"; wait || true; }

train finished --batch-size 20 --epochs 3 --keep-every 2

train interrupted --batch-size 2 --epochs 8 --optimizer adam --learning-rate 0.001 & ended interrupted 2; sleep 0.05; kill_engine interrupted

hostname elsewhere
train elsewhere --batch-size 2 --epochs 8 & ended elsewhere 1; kill_engine elsewhere
hostname box

train stopped --model linear --batch-size 2 --epochs 50 & ended stopped 1; "$program" stop stopped; wait

train aborted --batch-size 2 --epochs 50 & ended aborted 1; "$program" pause aborted; "$program" abort aborted; wait || true

train diverged --batch-size 20 --epochs 8 --learning-rate 0.25 --weight-decay 10 || true

train changed --batch-size 2 --epochs 50 & ended changed 1; "$program" pause changed
"$program" set changed learning_rate=0.02 batch_size=10
"$program" step changed
"$program" set changed "epochs=$(( $(grep -c '^{"type":"epoch_ended"' runs/changed/events.jsonl) + 2 ))"
"$program" resume changed; wait

"$program" branch finished --at 2 --learning-rate 0.01 --epochs 4 --name branch

MNIST_TUI_DATA_DIR=digits "$program" experiment batch-noise --hidden 4 --epochs 2 --device cpu --threads 1
rm runs/batch-noise-*/*.pt  # only their logs are needed
