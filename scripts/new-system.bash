# Functions for other scripts: create a minimal Debian system in $root, in separate namespaces.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
not_run() { echo "scripts/$(basename "$0"): not run: $1" >&2; exit 77; }

# run_apart ARGUMENT...: run this script again with --inside FOLDER ARGUMENT... as the first process of new namespaces.
# Its mounts and processes end with it in any case; then FOLDER is removed.
run_apart() {
    [ "$(id -u)" = 0 ] || not_run "it needs root"
    local tool
    for tool in apt-get dpkg-deb wget git tar unshare chroot; do
        command -v "$tool" > /dev/null || not_run "$tool is not installed"
    done
    unshare --mount --pid --fork true 2> /dev/null || not_run "namespaces cannot be created here"
    child=
    scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/fatrina-fresh.XXXXXXXX")
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    local free
    free=$(df --output=avail -B1000000 "$scratch" | tail -1)
    [ "$free" -ge 3000 ] || not_run "$scratch has $free MB free, and 3000 are needed"
    chmod 711 "$scratch"
    unshare --mount --pid --fork --kill-child "$0" --inside "$scratch" "$@" &
    child=$!
    local status=0
    wait "$child" || status=$?
    child=
    return "$status"
}

clean_up() {
    # The first process of the namespace ends with its parent, and all others with it.
    if [ -n "$child" ]; then kill -KILL "$child" 2> /dev/null || true; fi
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        if rm -rf --one-file-system "$scratch" 2> /dev/null; then return; fi
        sleep 0.5
    done
    echo "scripts/$(basename "$0"): $scratch could not be removed" >&2
}

make_system() {
    local apt=$root/../apt mirror=
    mkdir -p "$root" "$apt/lists/partial" "$apt/archives/partial"
    own_apt() { apt-get -qq -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt" -o APT::Sandbox::User=root "$@"; }
    proxy_of_apt http
    proxy_of_apt https
    own_apt update > "$apt/log" 2>&1 || true
    # The mirror that this machine uses; on other systems than Debian, the default of debootstrap.
    mirror=$(own_apt indextargets --format '$(ORIGIN)|$(COMPONENT)|$(REPO_URI)' 2> /dev/null \
        | awk -F'|' '$1 == "Debian" && $2 == "main" && $3 !~ /-security/ {print $3; exit}') || true
    if ! command -v debootstrap > /dev/null; then
        # Unpacked, not installed: this machine is not changed.
        (cd "$apt" && own_apt download debootstrap >> log 2>&1 && dpkg-deb -x debootstrap_*.deb tool) \
            || not_run "debootstrap is not installed, and apt cannot fetch it"
        export DEBOOTSTRAP_DIR=$apt/tool/usr/share/debootstrap PATH=$apt/tool/usr/sbin:$PATH
    fi
    debootstrap --variant=minbase --include=python3,python3-venv,git,curl,ca-certificates \
        "$suite" "$root" ${mirror:+"$mirror"} > "$apt/log" 2>&1 \
        || { tail -5 "$apt/log" >&2; not_run "debootstrap cannot create $suite here"; }
    rm -rf "$apt"
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts" 2> /dev/null || true
}

proxy_of_apt() {
    local name=$1_proxy proxy
    proxy=$(apt-config dump --format '%v' "Acquire::$1::Proxy" 2> /dev/null) || true
    if [ -n "$proxy" ] && [ "$proxy" != DIRECT ] && [ -z "${!name-}" ]; then export "$name=$proxy"; fi
}

# Copy the settings by which this machine resolves names, verifies certificates and downloads packages.
copy_settings() {
    local file path home=${HOME:-/root}
    settings=()
    for file in /etc/hosts /etc/resolv.conf; do
        if [ -f "$file" ]; then cp -L "$file" "$root$file"; fi
    done
    if [ -d /usr/local/share/ca-certificates ]; then cp -rL /usr/local/share/ca-certificates "$root/usr/local/share/"; fi
    in_system update-ca-certificates > /dev/null 2>&1 || true
    file=/etc/ssl/certs/ca-certificates.crt
    if [ -f "$file" ]; then cp -L "$file" "$root$file"; fi
    while IFS= read -r -d '' variable; do
        if [[ ${variable,,} =~ ^(pip_|(https?|all|no)_proxy=|ssl_cert_|requests_ca_bundle=|curl_ca_bundle=) ]]; then
            settings+=("$variable")
        fi
    done < <(env -0)
    mkdir -p "$root/etc/skel/.config/pip"
    if [ -f /etc/pip.conf ]; then cp -L /etc/pip.conf "$root/etc/pip.conf"; fi
    for file in "$home/.pip/pip.conf" "$home/.config/pip/pip.conf"; do
        if [ -f "$file" ]; then cp -L "$file" "$root/etc/skel/.config/pip/pip.conf"; fi
    done
    # The files and folders that these settings name.
    {
        printf '%s\n' "${settings[@]}"
        cat "$root/etc/pip.conf" "$root/etc/skel/.config/pip/pip.conf" 2> /dev/null
    } | tr '=, \t' '\n' | sed -n 's,^file://,,; s,/simple/*$,,; /^\/./p' | sort -u > "$root/../named"
    while IFS= read -r path; do
        if [ -f "$path" ]; then
            mkdir -p "$root$(dirname "$path")"
            cp -L "$path" "$root$path"
        elif [ -d "$path" ] && [ ! -e "$root$path" ]; then
            mkdir -p "$root$path"
            mount --bind -o ro "$path" "$root$path"
        fi
    done < "$root/../named"
}

# A background command and its children ignore Ctrl-C: restore the default.
in_system() { chroot "$root" /usr/bin/env -i --default-signal=INT PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C "$@"; }
