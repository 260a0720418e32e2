#!/usr/bin/env bash
# Makes the people of a faulty host: one honest one, six whose pip.conf is broken, seven who set root a trap,
# and one without a home. What everything was like before the play then stands in /var/tmp/answers/before.
set -euo pipefail

person() {
    useradd --create-home --shell /bin/bash "$1"
    install -d -o "$1" -g "$1" "/home/$1/.config" "/home/$1/.config/pip"
}

# The file of the person $1 becomes $2, in which printf's escapes count.
broken() {
    person "$1"
    # shellcheck disable=SC2059  # the escapes are the point
    printf "$2" >"/home/$1/.config/pip/pip.conf"
    chown "$1:$1" "/home/$1/.config/pip/pip.conf"
}

# At the place $2 in the home of the person $1 stands a link to root's $3.
trap_at() {
    person "$1"
    local place=/home/$1/$2
    [ ! -d "$place" ] || rm -r "$place"
    runuser -u "$1" -- mkdir -p "$(dirname "$place")"
    runuser -u "$1" -- ln -s "$3" "$place"
}

printf '[global]\nindex-url = https://root:top-secret@pypi.example/simple\n' >/root/pip.conf
chmod 0600 /root/pip.conf
printf '[global]\nretries = 1\n' >/etc/open.conf
mkdir -p /root/cache/http-v2 /root/.cache-of-root

broken honest '# mine\n[global]\ntimeout = 1\n'
broken bom '\357\273\277[global]\ntimeout = 1\n'
broken twice-a-key '[global]\ntimeout = 1\ntimeout = 2\n'
broken twice-a-section '[global]\ntimeout = 1\n[global]\nretries = 1\n'
broken no-section 'timeout = 1\n[global]\nretries = 1\n'
broken utf-16 '\377\376[\0g\0]\0\n\0a\0=\0b\0\n\0'
broken unreadable-line '[global]\ntimeout = 1\nthis is no option\n'
trap_at to-shadow .config/pip/pip.conf /etc/shadow
trap_at to-root .config/pip/pip.conf /root/pip.conf
trap_at to-open .config/pip/pip.conf /etc/open.conf
trap_at to-directory .config /etc
trap_at to-legacy .pip/pip.conf /root/pip.conf
trap_at to-etc .cache/pip /etc
trap_at to-cache .cache /root/cache
person pipe
runuser -u pipe -- mkfifo /home/pipe/.config/pip/pip.conf
useradd --no-create-home --home-dir /nonexistent --shell /bin/bash homeless

# No more than a page is left; the file and a filler take the rest.
{
	printf '[global]\ntimeout = 1\n'
	seq 300 | xargs printf '# %098d\n'
} >/mnt/full/pip.conf
head -c 26000 /dev/zero >/mnt/full/filler

mkdir -p /var/tmp/answers
/opt/faults/list_files.sh >/var/tmp/answers/before
