package balancer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// IPVS drives the kernel's virtual server by ipvsadm: a server of weight 0 gets no new
// connections. The weight that it had is kept, and given back.
type IPVS struct {
	// Services are the virtual services: "10.0.0.1:80", "udp:10.0.0.1:53", "fwmark:1".
	Services []string
	// Address is the real server, as ipvsadm -Ln shows it.
	Address string
	// Server is how the operator calls it, for messages.
	Server string
	// StateDir is where the weights are kept.
	StateDir string
}

// Name says which server it is.
func (v IPVS) Name() string {
	name := v.Server
	if name == "" {
		name = v.Address
	}
	return join(strings.Join(v.Services, ","), name)
}

// destination is a real server of a virtual service.
type destination struct{ weight, active, inactive int }

// Query reads the table of the kernel. Sessions are the active connections; where the
// protocol has none (UDP, a firewall mark) also the inactive ones.
func (v IPVS) Query(ctx context.Context, sys modules.System) (Status, error) {
	table, err := v.table(ctx, sys)
	if err != nil {
		return Status{}, err
	}
	status := Status{Known: true, State: Ready, Up: true, Weight: -1, InOrOut: true}
	var lines, checks []string
	for _, service := range v.Services {
		servers, ok := table[canonical(service)]
		if !ok {
			return Status{}, fmt.Errorf("ipvs has no virtual service %q; it has %s", service, names(table))
		}
		d, ok := servers[v.Address]
		if !ok {
			lines = append(lines, fmt.Sprintf("ipvsadm -a %s -r %s -w 1", option(service), v.Address))
			continue
		}
		if d.weight == 0 {
			status.State = Drain
		}
		status.Weight = max(status.Weight, d.weight)
		status.Sessions += d.active
		if !strings.HasPrefix(canonical(service), "TCP ") {
			status.Sessions += d.inactive
		}
		checks = append(checks, fmt.Sprintf("weight %d, %d active, %d inactive", d.weight, d.active, d.inactive))
	}
	if len(lines) > 0 {
		return Status{Line: strings.Join(lines, "; ")}, nil
	}
	status.Check = strings.Join(checks, "; ")
	return status, nil
}

// table reads ipvsadm -Ln: services as "TCP 10.0.0.1:80", and below each its servers.
func (v IPVS) table(ctx context.Context, sys modules.System) (map[string]map[string]destination, error) {
	out, err := modules.Query(ctx, sys, modules.Command{Argv: []string{"ipvsadm", "-Ln"}})
	if err != nil {
		return nil, fmt.Errorf("ask ipvs about %s: %w", v.Name(), err)
	}
	table := map[string]map[string]destination{}
	var servers map[string]destination
	for line := range strings.Lines(out.Stdout) {
		words := strings.Fields(line)
		switch {
		case len(words) >= 2 && slices.Contains([]string{"TCP", "UDP", "SCTP", "FWM"}, words[0]):
			servers = map[string]destination{}
			table[words[0]+" "+words[1]] = servers
		case len(words) >= 6 && words[0] == "->" && servers != nil:
			servers[words[1]] = destination{number(words[3]), number(words[4]), number(words[5])}
		}
	}
	return table, nil
}

func number(word string) int {
	n, _ := strconv.Atoi(word)
	return n
}

func names(table map[string]map[string]destination) string {
	var all []string
	for name := range table {
		all = append(all, name)
	}
	slices.Sort(all)
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// protocols are the ways to write a service, and ipvsadm's name and option for each.
var protocols = []struct{ prefix, name, option string }{
	{"tcp:", "TCP", "-t"},
	{"udp:", "UDP", "-u"},
	{"sctp:", "SCTP", "--sctp-service"},
	{"fwmark:", "FWM", "-f"},
	{"", "TCP", "-t"},
}

// canonical is how ipvsadm -Ln begins the line of a service.
func canonical(service string) string {
	for _, p := range protocols {
		if rest, ok := strings.CutPrefix(service, p.prefix); ok {
			return p.name + " " + rest
		}
	}
	return service
}

// option is how ipvsadm is told of a service.
func option(service string) string {
	for _, p := range protocols {
		if rest, ok := strings.CutPrefix(service, p.prefix); ok {
			return p.option + " " + rest
		}
	}
	return service
}

// Set gives the server weight 0, or the weight back that it had; 1 where nobody knows.
func (v IPVS) Set(ctx context.Context, sys modules.System, _ Status, state State) error {
	table, err := v.table(ctx, sys)
	if err != nil {
		return err
	}
	for _, service := range v.Services {
		now := table[canonical(service)][v.Address].weight
		if err := v.set(ctx, sys, service, now, state); err != nil {
			return fmt.Errorf("set %s of %s to %s: %w", v.Address, service, state, err)
		}
	}
	return nil
}

func (v IPVS) set(ctx context.Context, sys modules.System, service string, now int, state State) error {
	kept := memory{dir: v.StateDir, kind: "ipvs", name: service + "/" + v.Address}
	if state != Ready {
		if now == 0 {
			return nil
		}
		if err := kept.save(sys, strconv.Itoa(now)); err != nil {
			return err
		}
		return v.weigh(ctx, sys, service, 0)
	}
	if now != 0 {
		return kept.forget(sys)
	}
	before, err := kept.load(sys)
	if err != nil {
		return err
	}
	if err := v.weigh(ctx, sys, service, max(1, number(before))); err != nil {
		return err
	}
	return kept.forget(sys)
}

// weigh changes the weight only: ipvsadm -e sets all that a server has, and what it is
// not told becomes the default.
func (v IPVS) weigh(ctx context.Context, sys modules.System, service string, weight int) error {
	argv, err := v.edit(ctx, sys, service, weight)
	if err != nil {
		return err
	}
	_, err = modules.Exec(ctx, sys, modules.Command{Argv: argv})
	return err
}

// edit makes the command from what ipvsadm would save of the server.
func (v IPVS) edit(ctx context.Context, sys modules.System, service string, weight int) ([]string, error) {
	saved, err := modules.Query(ctx, sys, modules.Command{Argv: []string{"ipvsadm", "-Sn"}})
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(saved.Stdout) {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, "-a "+option(service)+" ") || !strings.Contains(line, " -r "+v.Address+" ") {
			continue
		}
		argv := append([]string{"ipvsadm", "-e"}, words[1:]...)
		if at := slices.Index(argv, "-w"); at > 0 && at+1 < len(argv) {
			argv = slices.Delete(argv, at, at+2)
		}
		limits, err := v.thresholds(ctx, sys, service)
		return append(append(argv, limits...), "-w", strconv.Itoa(weight)), err
	}
	return nil, fmt.Errorf("ipvsadm -Sn does not show it")
}

// thresholds are the limits on the server's connections, which ipvsadm does not save.
func (v IPVS) thresholds(ctx context.Context, sys modules.System, service string) ([]string, error) {
	out, err := modules.Query(ctx, sys, modules.Command{Argv: []string{"ipvsadm", "-Ln", "--thresholds"}})
	if err != nil {
		return nil, err
	}
	inService := false
	for line := range strings.Lines(out.Stdout) {
		words := strings.Fields(line)
		switch {
		case len(words) >= 2 && words[0] != "->":
			inService = words[0]+" "+words[1] == canonical(service)
		case inService && len(words) >= 4 && words[1] == v.Address && (words[2] != "0" || words[3] != "0"):
			return []string{"-x", words[2], "-y", words[3]}, nil
		}
	}
	return nil, nil
}
