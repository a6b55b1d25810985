#!/bin/bash
# box.sh FOLDER PROJECT PROGRAMS PREPARE INIT…: this machine once more, in namespaces of its own, with INIT as its process 1.
#
# It sees a copy-on-write image of this machine's file system, so that a deployment can be installed for real, with its
# users, folders and units, and nothing of it stays. The network is this machine's. PREPARE is a script that runs in it
# before INIT. FOLDER/pid gets the number of INIT's process, FOLDER/root shows its file system while it is made.
# Everything ends with this process. Needs root.
set -euo pipefail

if [[ ${BOX_INSIDE:-} != yes ]]; then
    folder=$1
    # A control group below ours: an init as process 1 arranges its own, and must find none of the machine's.
    mkdir -p "$folder/cgroup"
    if ! mountpoint -q "$folder/cgroup"; then mount -t cgroup2 cgroup2 "$folder/cgroup"; fi
    group=$folder/cgroup/sluice-box-$$
    mkdir "$group"
    # A group can be removed once the last of its processes is gone, which takes the kernel a moment: 10 s at most.
    leave() {
        echo 1 > "$group/cgroup.kill"
        for ((n = 0; n < 100; n++)); do
            if grep -q '^populated 0' "$group/cgroup.events"; then break; fi
            sleep 0.1
        done
        find "$group" -depth -type d -exec rmdir {} \;
        umount "$folder/cgroup"
    }
    trap leave EXIT
    BOX_INSIDE=yes BOX_GROUP=$group bash -c 'echo $$ > "$BOX_GROUP/cgroup.procs"; exec unshare \
        --mount --pid --uts --ipc --cgroup --propagation private --fork --kill-child "$0" "$@"' "$0" "$@" &
    inner=$!
    trap 'kill -KILL $inner' TERM INT
    status=0
    wait "$inner" || status=$?
    exit "$status"
fi

folder=$1 project=$2 programs=$3 prepare=$4
shift 4
# /proc is still this machine's, so this is our number as others see it.
read -r pid _ < /proc/self/stat

mkdir -p "$folder/box"
mount -t tmpfs -o mode=755 tmpfs "$folder/box"
mkdir "$folder/box/upper" "$folder/box/work" "$folder/box/root"
root=$folder/box/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/box/upper,workdir=$folder/box/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
for mounted in "$project" "$programs"; do
    mkdir -p "$root$mounted"
    mount --rbind "$mounted" "$root$mounted"
done
mkdir "$root/run/box"
mount --bind "$folder" "$root/run/box"
mkdir -p "$root/.old"
cd "$root"
pivot_root . .old
umount -l /.old
hash -r
# As at a machine's start: what a service manager mounts is seen by the services that it starts.
mount --make-rshared /
"$prepare" "$project" "$programs"
echo "$pid" > /run/box/pid.new
mv /run/box/pid.new /run/box/pid
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=box LANG=C.UTF-8 "$@"
