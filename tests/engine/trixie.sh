#!/bin/sh
# Makes a folder with the engines of Debian 13 (Docker 26.1, podman 5.4), to run them with chroot beside those of this machine:
#
#   sh tests/engine/trixie.sh build/trixie            # with debootstrap, from a Debian mirror: about two minutes
#   sh tests/engine/trixie.sh build/trixie base.tar   # from a base file system that is there already
#   SUITE=forky sh tests/engine/trixie.sh build/forky # those of another Debian (Docker 28.5, podman 5.8)
#   make crash-matrix ENGINE=build/trixie
#
# As root. What is there is kept. Nothing is mounted: the engines run in mount namespaces of their own.
set -eu
root=${1:?the folder to make}
base=${2:-}
suite=${SUITE:-trixie}

if [ ! -x "$root/usr/bin/apt-get" ]; then
    mkdir -p "$root"
    if [ -n "$base" ]; then
        tar -C "$root" -xf "$base"
    else
        # A debootstrap that is older than the suite has no script for it; all of them are that of sid.
        debootstrap --variant=minbase "$suite" "$root" "" /usr/share/debootstrap/scripts/sid
    fi
    # A copy of a suite that is not released yet may be older than its index says it may be.
    [ "$suite" = trixie ] || echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/99index"
fi
if [ ! -x "$root/usr/sbin/dockerd" ] || [ ! -x "$root/usr/bin/podman" ]; then
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # No service is started at the installation.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    unshare --mount sh -euc '
        mount --rbind /dev "$1/dev"
        mount -t proc proc "$1/proc"
        chroot "$1" sh -euc "
            export DEBIAN_FRONTEND=noninteractive
            apt-get update -q
            apt-get install -y -q --no-install-recommends docker.io iptables ca-certificates podman crun netavark aardvark-dns
            apt-get clean"
        # No firewall rules on this machine.
        mkdir -p "$1/etc/containers"
        printf "[network]\nfirewall_driver = \"none\"\n" >"$1/etc/containers/containers.conf"
    ' sh "$root"
fi
chroot "$root" dpkg-query --show docker.io podman
