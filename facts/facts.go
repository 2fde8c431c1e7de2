// Package facts finds out what a host is: its system, hardware, network and users, under
// the names that Ansible gives these facts. It reads /proc, /sys and /etc through a
// System and changes nothing.
package facts

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Options say which facts to gather.
type Options struct {
	// Subset chooses collectors, as gather_subset does; see Choose.
	Subset []string
	// Timeout bounds each single question that may hang, such as one to a dead NFS server.
	Timeout time.Duration
	// LocalDirs are the directories of the host's own facts.
	LocalDirs []string
}

// collector gathers some facts.
type collector struct {
	// name is how gather_subset calls it; members are further names for it.
	name    string
	members string
	// minimal ones are gathered unless !min says otherwise.
	minimal bool
	// needs are collectors whose facts go with these.
	needs  string
	gather func(*host)
}

// collectors are all there are, in the order in which they run.
var collectors = []collector{
	{"platform", "architecture kernel kernel_version machine machine_id python_version system", true, "", platform},
	{"distribution", "distribution_major_version distribution_release distribution_version os_family", true, "", distribution},
	{"user", "effective_group_ids effective_user_id real_user_id user_dir user_gecos user_gid user_id user_shell user_uid", true, "", user},
	{"date_time", "", true, "", dateTime},
	{"env", "", true, "", env},
	{"cmdline", "", true, "", cmdline},
	{"dns", "", true, "", dns},
	{"lsb", "", true, "", lsb},
	{"fips", "", true, "", fips},
	{"selinux", "", true, "", selinux},
	{"apparmor", "", true, "", apparmor},
	{"caps", "system_capabilities system_capabilities_enforced", true, "", capabilities},
	{"python", "", true, "", python},
	{"pkg_mgr", "", true, "distribution", pkgMgr},
	{"service_mgr", "", true, "distribution platform", serviceMgr},
	{"ssh_pub_keys", "ssh_host_key_dsa_public ssh_host_key_ecdsa_public ssh_host_key_ed25519_public ssh_host_key_rsa_public ssh_host_pub_keys", true, "", hostKeys},
	{"local", "", true, "", local},
	{"chroot", "is_chroot", false, "", chroot},
	{"loadavg", "", false, "", loadavg},
	{"hardware", "devices mounts processor processor_cores processor_count", false, "platform", hardware},
	{"network", "all_ipv4_addresses all_ipv6_addresses default_ipv4 default_ipv6 interfaces", false, "distribution platform", network},
	{"virtual", "virtualization_role virtualization_tech_guest virtualization_tech_host virtualization_type", false, "", virtual},
	{"iscsi", "", false, "", iscsi},
	{"nvme", "", false, "", nvme},
	{"fibre_channel_wwn", "", false, "", fibreChannel},
}

// Gather gives the facts that were asked for, each with its prefix ansible_, and what
// the operator should know of how that went.
func Gather(ctx context.Context, sys modules.System, o Options) (facts *values.Map, warnings []string, err error) {
	chosen, err := Choose(o.Subset)
	if err != nil {
		return nil, nil, err
	}
	h := &host{ctx: ctx, sys: sys, inspect: modules.InspectorOf(sys), options: o, facts: values.NewMap(128)}
	for _, c := range collectors {
		if !chosen[c.name] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		c.gather(h)
	}
	return h.facts, h.warnings, nil
}

// host is the machine that facts are gathered of.
type host struct {
	ctx      context.Context
	sys      modules.System
	inspect  modules.Inspector // nil where the System is none
	options  Options
	facts    *values.Map
	warnings []string
	python   *interpreter // nil where none was found yet
}

// set notes a fact.
func (h *host) set(name string, v values.Value) {
	h.facts.Set("ansible_"+strings.ReplaceAll(name, "-", "_"), v)
}

func (h *host) setText(name, text string) { h.set(name, values.String(text)) }

// largest is the most that is read of a file.
const largest = 4 << 20

// read gives the content of a file, "" where it cannot be read.
func (h *host) read(name string) string {
	content, err := modules.ReadFile(h.sys, name, largest)
	if err != nil {
		return ""
	}
	return string(content)
}

// line gives the content of a file without space around it.
func (h *host) line(name string) string { return strings.TrimSpace(h.read(name)) }

// lines gives the lines of a file.
func (h *host) lines(name string) []string {
	return strings.Split(strings.TrimRight(h.read(name), "\n"), "\n")
}

func (h *host) exists(name string) bool {
	_, err := h.sys.Stat(name)
	return err == nil
}

// names lists what is in a directory, in sorted order.
func (h *host) names(dir string) []string {
	list, _ := h.sys.ReadDir(dir) // what cannot be read holds nothing
	names := make([]string, len(list))
	for i, st := range list {
		names[i] = path.Base(st.Path)
	}
	return names
}

// link gives the last part of where a link points, "" where there is none.
func (h *host) link(name string) string {
	st, err := h.sys.Lstat(name)
	if err != nil || st.Target == "" {
		return ""
	}
	return path.Base(st.Target)
}

// ask runs a program that answers a question; "" where it has no answer.
func (h *host) ask(argv ...string) string {
	program, err := h.sys.LookPath(argv[0])
	if err != nil {
		return ""
	}
	argv[0] = program
	ctx, cancel := context.WithTimeout(h.ctx, h.options.Timeout)
	defer cancel()
	out, err := h.sys.Query(ctx, modules.Command{Argv: argv})
	if err != nil || out.RC != 0 {
		return ""
	}
	return out.Stdout
}

func (h *host) warn(text string) { h.warnings = append(h.warnings, text) }
