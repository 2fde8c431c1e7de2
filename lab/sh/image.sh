# shellcheck shell=bash
# The image: a Debian without Python, built once and shared read-only by all hosts of all labs.
#   base     debootstrap and lab/base/configure.sh
#   managed  above it: users deploy and sudopw        (nodes and balancer)
#   bare     above it: only root, with a password     (n11)
#   python   above it: python3, built when first asked for
#   servers  above managed: tomcat10 and php-fpm, built when first asked for
#   tools    above managed: cron, git, subversion and packers, built when first asked for
#   oracle   above managed: the same and what Ansible's modules need, built when first asked for
# An image is named by a hash of its recipe, so a changed recipe makes a new one.

suite=bookworm

image_name() {
	{ echo "$suite"; cat $(ls "$here"/base/* | grep -vE '/(servers|tools|oracle)\.sh'); } | sha256sum | cut -c1-12
}

# optional_name LAYER: servers, tools and oracle have a hash of their own in their names: a change to one leaves the image as it is.
optional_name() { echo "$1-$(sha256sum "$here/base/$1.sh" | cut -c1-12)"; }

image=$images_dir/$(image_name)

build_image_once() {
	[ -d "$image" ] && return
	need_programs
	hold_lock images
	[ -d "$image" ] || build_image
	exec 9>&-
}

build_image() {
	local started=$SECONDS building=$image.building
	say "building the lab's base image (once, about a minute): $image"
	rm -rf --one-file-system "$images_dir"/*.building
	mkdir -p "$building"
	: >"$building/log"
	debootstrap_base "$building/base" >>"$building/log" 2>&1 || image_failed "$building/log"
	build_layer "$building" base "" || image_failed "$building/log"
	assert_no_python "$building/base"
	build_layer "$building" managed base || image_failed "$building/log"
	build_layer "$building" bare base || image_failed "$building/log"
	mv -T "$building" "$image"
	remove_unused_images
	say "base image built in $((SECONDS - started)) s, $(du -sm "$image" | cut -f1) MB"
}

image_failed() {
	tail -n 25 "$1" >&2
	die "the base image could not be built; the whole log is $1"
}

# Mounts and processes of a build live in namespaces of their own: a killed build leaves only files behind.
isolated() { unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$@"; }

debootstrap_base() {
	local packages
	packages=$(grep -v '^#' "$here/base/packages" | paste -sd,)
	DPKG_FORCE=unsafe-io LC_ALL=C.UTF-8 isolated debootstrap --variant=minbase --include="$packages" "$suite" "$1" "$(debian_mirror)"
}

# The mirror that this machine's own apt uses, so that the lab can be built wherever apt-get works.
debian_mirror() {
	local uri
	uri=${GDEPLOY_LAB_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" 'Created-By: Packages' 2>/dev/null | head -n 1)}
	echo "${uri:-http://deb.debian.org/debian}"
}

# build_layer IMAGE LAYER LOWER runs base/LAYER.sh in a chroot; with LOWER, what it changes is kept as a layer of its own.
build_layer() {
	local dir=$1 layer=$2 lower=$3 script=$here/base/$2.sh
	[ "$layer" = base ] && script=$here/base/configure.sh
	[[ $layer != *-* ]] || script=$here/base/${layer%%-*}.sh
	isolated bash -euo pipefail -c "$(declare -f in_layer); in_layer \"\$@\"" in_layer "$dir" "$layer" "$lower" <"$script" >>"$dir/log" 2>&1
}

in_layer() {
	local dir=$1 layer=$2 lower=$3 root=$1/$2 installs=""
	case $layer in python | *-*) installs=yes ;; esac
	if [ -n "$lower" ]; then
		root=$dir/$layer.root
		mkdir -p "$dir/$layer" "$dir/$layer.work" "$root"
		mount -t overlay overlay -o "lowerdir=$dir/${lower// /:$dir/},upperdir=$dir/$layer,workdir=$dir/$layer.work" "$root"
	fi
	mount -t proc proc "$root/proc"
	[ -z "$installs" ] || mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive DPKG_FORCE=unsafe-io \
		chroot "$root" /bin/sh -eu
	[ -z "$installs" ] || umount "$root/etc/resolv.conf"
	umount "$root/proc"
	[ -z "$lower" ] || { umount "$root"; rm -rf --one-file-system "$root" "$dir/$layer.work"; }
}

assert_no_python() {
	local found
	found=$(find "$1/usr" \( -name 'python*' -o -name 'libpython*' \) -not -path '*/share/*' | head -n 5)
	[ -z "$found" ] || die "the base image must not have Python, but it has: $found"
}

# build_once LAYER LOWER... builds a layer of the image that only some labs have.
build_once() {
	local layer=$1 building=$image/$1.building
	[ -d "$image/$layer" ] && return
	hold_lock images
	[ -d "$image/$layer" ] || build_optional "$@"
	exec 9>&-
}

build_optional() {
	local layer=$1 lower
	shift
	say "building the layer ${layer%%-*} (once)"
	rm -rf --one-file-system "$building"
	mkdir "$building"
	for lower in "$@"; do ln -s "../$lower" "$building/$lower"; done
	build_layer "$building" "$layer" "$*" || image_failed "$building/log"
	mv -T "$building/$layer" "$image/$layer"
	rm -rf --one-file-system "$building"
}

# Images of older recipes go, unless a lab stands on one.
remove_unused_images() {
	local old
	for old in "$images_dir"/*/; do
		old=${old%/}
		[ "$old" = "$image" ] && continue
		grep -qsxF "$old" "$labs_dir"/labs/*/image && continue
		rm -rf --one-file-system "$old"
	done
}

# The layers of a host, highest first, as overlayfs wants them.
layers_of() {
	local layer
	case $(role_of "$1") in
	bare) layer=bare ;;
	*) layer=managed ;;
	esac
	local lower=$image/$layer:$image/base
	[ ! -f "$state/with-layer" ] || [ "$layer" = bare ] || lower=$image/$(cat "$state/with-layer"):$lower
	[ ! -f "$state/with-python" ] || lower=$image/python:$lower
	echo "$lower"
}
