#!/bin/sh
# collect.sh ROOT PROGRAM...: a root file system with these programs, the libraries that they load, and nothing else.
set -eu
root=$1
shift

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/app" \
  "$root/run/netns" "$root/run/tenant-tunnel" "$root/var/lib/tenant-tunnel" "$root/run/wireguard" \
  "$root/var/lib/dpkg/status.d" "$root/host/proc" "$root/proc" "$root/sys" "$root/dev" "$root/tmp"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
ln -s ../run "$root/var/run"
chmod 1777 "$root/tmp"

printf 'root:x:0:0:root:/:/nonexistent\nnonroot:x:65532:65532:nonroot:/:/nonexistent\n' > "$root/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"

# One file under its real folder, so that /lib and /usr/lib stay one.
copy() {
  folder=$(readlink -f "$(dirname "$1")")
  mkdir -p "$root$folder"
  cp -L --preserve=mode "$1" "$root$folder/$(basename "$1")"
  echo "$folder/$(basename "$1")" >> /tmp/copied
  readlink -f "$1" >> /tmp/copied
}

: > /tmp/copied
for program in "$@"; do
  path=$(command -v "$program")
  copy "$path"
  # `ldd` fails for a program that is linked statically, and then there is nothing to copy.
  for library in $(ldd "$path" 2> /dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p'); do
    copy "$library"
  done
done

# As scanners read it: the packages that the files came from, and their licences.
sort -u /tmp/copied | while read -r file; do
  dpkg -S "$file" 2> /dev/null || dpkg -S "${file#/usr}" 2> /dev/null || true
done | sed 's/: .*//; s/:.*//' | sort -u | while read -r package; do
  dpkg-query -s "$package" > "$root/var/lib/dpkg/status.d/$package"
  mkdir -p "$root/usr/share/doc/$package"
  cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done
find "$root" -depth -exec touch --no-dereference --date=@0 {} +
