package facts

import (
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// distro is how Ansible names a distribution and its family, by os-release's ID.
type distro struct{ name, family string }

var distros = map[string]distro{
	"debian": {"Debian", "Debian"}, "raspbian": {"Debian", "Debian"}, "ubuntu": {"Ubuntu", "Debian"},
	"linuxmint": {"Linux Mint", "Debian"}, "kali": {"Kali", "Debian"}, "devuan": {"Devuan", "Debian"},
	"pop": {"Pop!_OS", "Debian"}, "neon": {"KDE neon", "Debian"}, "parrot": {"Parrot", "Debian"},
	"rhel": {"RedHat", "RedHat"}, "centos": {"CentOS", "RedHat"}, "fedora": {"Fedora", "RedHat"},
	"almalinux": {"AlmaLinux", "RedHat"}, "rocky": {"Rocky", "RedHat"}, "ol": {"OracleLinux", "RedHat"},
	"amzn": {"Amazon", "RedHat"}, "openEuler": {"openEuler", "RedHat"}, "kylin": {"Kylin Linux Advanced Server", "RedHat"},
	"alpine": {"Alpine", "Alpine"}, "arch": {"Archlinux", "Archlinux"}, "manjaro": {"Manjaro", "Archlinux"},
	"sles": {"SLES", "Suse"}, "sled": {"SLED", "Suse"}, "opensuse-leap": {"openSUSE Leap", "Suse"},
	"opensuse-tumbleweed": {"openSUSE Tumbleweed", "Suse"}, "gentoo": {"Gentoo", "Gentoo"},
	"altlinux": {"Altlinux", "Altlinux"}, "void": {"void", "void"}, "flatcar": {"Flatcar", "Flatcar"},
}

// distribution tells which system it is.
func distribution(h *host) {
	os := h.table("/etc/os-release", "=")
	d, ok := distros[os["ID"]]
	if !ok {
		name := os["NAME"]
		if name == "" {
			name = "Linux"
		}
		d = distro{name, name}
	}
	version := h.version(d, os)
	parts := append(strings.Split(version, "."), "")
	h.setText("distribution", d.name)
	h.setText("distribution_version", version)
	h.setText("distribution_major_version", parts[0])
	if parts[1] != "" {
		h.setText("distribution_minor_version", parts[1])
	}
	h.setText("distribution_release", h.release(d, os))
	h.setText("os_family", d.family)
	file := releaseFile(d)
	h.setText("distribution_file_path", file.path)
	h.setText("distribution_file_variety", file.variety)
	h.set("distribution_file_parsed", values.True)
}

// origin is the file that Ansible reads a distribution from, and its word for such files.
type origin struct{ path, variety string }

var origins = map[string]origin{
	"CentOS": {"/etc/centos-release", "CentOS"}, "OracleLinux": {"/etc/oracle-release", "OracleLinux"},
	"Alpine": {"/etc/alpine-release", "Alpine"}, "Amazon": {"/etc/os-release", "Amazon"},
	"RedHat": {"/etc/redhat-release", "RedHat"}, "Archlinux": {"/etc/arch-release", "Archlinux"},
	"Suse": {"/etc/os-release", "SUSE"}, "Debian": {"/etc/os-release", "Debian"},
	"Gentoo": {"/etc/gentoo-release", "Gentoo"}, "Flatcar": {"/etc/os-release", "Flatcar"},
}

func releaseFile(d distro) origin {
	for _, name := range []string{d.name, d.family} {
		if o, ok := origins[name]; ok {
			return o
		}
	}
	return origin{"/etc/os-release", "NA"}
}

// version is the version with its minor part, which some keep in a file of their own.
func (h *host) version(d distro, os map[string]string) string {
	version := os["VERSION_ID"]
	own := ""
	switch d.name {
	case "Debian", "Kali", "Parrot":
		own = h.line("/etc/debian_version")
	case "Alpine":
		own = h.line("/etc/alpine-release")
	case "CentOS":
		own = releaseNumber(h.line("/etc/centos-release"))
	case "Archlinux":
		return "rolling"
	}
	if own != "" && strings.HasPrefix(own, version) && strings.Trim(own, "0123456789.") == "" {
		return own
	}
	return orNA(version)
}

// releaseNumber reads "7.9" out of "CentOS Linux release 7.9.2009 (Core)".
func releaseNumber(text string) string {
	_, rest, _ := strings.Cut(text, " release ")
	number, _, _ := strings.Cut(rest, " ")
	parts := strings.Split(number, ".")
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// release is the code name.
func (h *host) release(d distro, os map[string]string) string {
	if d.name == "Fedora" {
		return ""
	}
	if name := os["VERSION_CODENAME"]; name != "" {
		return name
	}
	_, inner, _ := strings.Cut(os["VERSION"], "(")
	name, _, ok := strings.Cut(inner, ")")
	if !ok {
		return "NA"
	}
	return name
}

// packagers are programs that install packages, and what Ansible calls them; the first
// that is there is taken.
var packagers = []struct{ path, name string }{
	{"/usr/bin/apt-get", "apt"}, {"/usr/bin/dnf5", "dnf5"}, {"/usr/bin/dnf-3", "dnf"}, {"/usr/bin/dnf", "dnf"}, {"/usr/bin/yum", "yum"},
	{"/usr/bin/zypper", "zypper"}, {"/usr/bin/pacman", "pacman"}, {"/sbin/apk", "apk"}, {"/usr/bin/apk", "apk"},
	{"/usr/bin/emerge", "portage"}, {"/usr/bin/xbps-install", "xbps"}, {"/usr/sbin/urpmi", "urpmi"},
	{"/bin/opkg", "opkg"}, {"/usr/sbin/swupd", "swupd"}, {"/usr/bin/swupd", "swupd"}, {"/usr/sbin/sorcery", "sorcery"},
	{"/usr/bin/installp", "installp"}, {"/QOpenSys/pkgs/bin/yum", "yum"},
}

// pkgMgr tells what installs packages.
func pkgMgr(h *host) {
	family, _ := h.facts.Get("ansible_os_family")
	if name, _ := family.AsString(); name == "RedHat" && h.exists("/run/ostree-booted") {
		h.setText("pkg_mgr", "atomic_container")
		return
	}
	for _, p := range packagers {
		name, _ := family.AsString()
		if p.name == "apt" && name == "RedHat" || !h.exists(p.path) {
			continue
		}
		if p.name == "apt" && name == "Altlinux" {
			p.name = "apt_rpm"
		}
		h.setText("pkg_mgr", p.name)
		return
	}
	h.setText("pkg_mgr", "unknown")
}

// supervisors are first processes that are not called what Ansible calls them.
var supervisors = map[string]string{"procd": "openwrt_init", "runit-init": "runit", "svscan": "svc", "openrc-init": "openrc"}

// serviceMgr tells what starts services: the first process, where that says.
func serviceMgr(h *host) {
	first := h.line("/proc/1/comm")
	if name, ok := supervisors[first]; ok {
		first = name
	}
	if first != "" && first != "init" && first != "COMMAND" && !strings.HasSuffix(first, "sh") {
		h.setText("service_mgr", first)
		return
	}
	h.setText("service_mgr", h.supervisor())
}

// supervisor goes by what is installed.
func (h *host) supervisor() string {
	_, noSystemctl := h.sys.LookPath("systemctl")
	_, noInitctl := h.sys.LookPath("initctl")
	switch {
	case noSystemctl == nil && (h.exists("/run/systemd/system") || h.exists("/dev/.run/systemd") || h.exists("/dev/.systemd")):
		return "systemd"
	case noInitctl == nil && h.exists("/etc/init"):
		return "upstart"
	case h.exists("/sbin/openrc"):
		return "openrc"
	case noSystemctl == nil && h.link("/sbin/init") == "systemd":
		return "systemd"
	case h.exists("/etc/init.d"):
		return "sysvinit"
	}
	return "service"
}
